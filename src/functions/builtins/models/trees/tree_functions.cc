// randomForestClassifier randomForestRegressor adaBoostClassifier adaBoostRegressor treesPredict.

#include <algorithm>
#include <cmath>
#include <thread>

#include "functions/builtins/models/trees/register_trees.h"
#include "functions/builtins/models/trees/tree_ensembles.h"
#include "functions/builtins/models/training_rows.h"
#include "functions/declare.h"
#include "functions/function_call.h"
#include "functions/parts.h"

namespace pelorus::functions {
namespace {

using data::Dictionary;
using Columns = std::vector<std::vector<double>>;

constexpr std::string_view kFamily = "models";
constexpr std::string_view kForestClassifier = "Random Forest Classifier", kForestRegressor = "Random Forest Regressor",
                           kBoostClassifier = "AdaBoost Classifier", kBoostRegressor = "AdaBoost Regressor";
constexpr int64_t kClassesMax = 10'000, kTreesMax = 100'000;

size_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

bool is_given(const Arguments& a, size_t i) { return a.has(i) && !a[i].is_null(); }

int64_t positive(const Arguments& a, size_t i, std::string_view parameter, int64_t otherwise, int64_t most) {
  const int64_t number = is_given(a, i) ? a.integer(i, parameter) : otherwise;
  if (number < 1 || number > most)
    a.refuse(parameter, "must be a whole number from 1 to " + std::to_string(most) + ".");
  return number;
}

/// Columns looked at for a split, out of `columns`.
size_t features_of(const Arguments& a, size_t i, size_t columns) {
  const double given = is_given(a, i) ? a.number(i, "maxFeatures") : 0;
  if (!(given >= 0) || (given > 1 && given != std::floor(given)))
    a.refuse("maxFeatures", "must be a whole number, or a share of the columns between 0 and 1.");
  const auto all = static_cast<double>(columns);
  const bool is_share = given < 1 || (given == 1 && types::is_floating(a[i].type()));
  const double features = given == 0 ? std::sqrt(all) : is_share ? given * all : std::min(given, all);
  return std::max<size_t>(1, static_cast<size_t>(features));
}

/// One call: what to learn from, and how. Parameters that all four functions have stand one behind another.
class Training {
 public:
  Training(std::string_view name, std::string_view model_name, bool has_classes, CallContext& context,
           std::span<Value> args)
      : call_(name, context, args), model_name_(model_name), first_(has_classes ? 4 : 3) {
    const auto& a = call_.arguments();
    const auto table = training_rows(context, a);
    if (table.rows() == 0 || table.rows() >= UINT32_MAX) a.refuse("ds", "must have rows, and fewer than 2^32.");
    names_ = a.texts(2, "xColNames");
    if (names_.empty()) a.refuse("xColNames", "must name a column at least.");
    constexpr int64_t kBytesOfNumber = 18;  // and of its place, and of sorting it
    context.reserve_memory(static_cast<int64_t>(table.rows() * (names_.size() + 1)) * kBytesOfNumber);
    y_ = training_numbers(name, table, a.text(1, "yColName"));
    for (const auto& column : names_) columns_.push_back(training_numbers(name, table, column));
    for (const auto& column : columns_) views_.emplace_back(column);
    if (has_classes) read_classes();
    bins_ = positive(a, first_ + 2, "numBins", 32, static_cast<int64_t>(kBinsMax));
  }

  const FunctionCall& call() const { return call_; }
  const Arguments& arguments() const { return call_.arguments(); }
  /// The position of what is this function's own: numJobs or learningRate.
  size_t own() const { return first_ + 5; }

  TreeTerms tree_terms(int64_t depth) const {
    const auto& a = arguments();
    TreeTerms terms{.features = features_of(a, first_, columns_.size())};
    terms.depth_max = static_cast<size_t>(positive(a, first_ + 3, "maxDepth", depth, INT32_MAX));
    terms.decrease_min = is_given(a, first_ + 4) ? a.number(first_ + 4, "minImpurityDecrease") : 0;
    if (!(terms.decrease_min >= 0)) a.refuse("minImpurityDecrease", "must not be negative.");
    return terms;
  }
  size_t tree_count() const {
    return static_cast<size_t>(positive(arguments(), first_ + 1, "numTrees", 10, kTreesMax));
  }
  uint64_t seed(size_t i) const {
    return is_given(arguments(), i) ? static_cast<uint64_t>(arguments().integer(i, "randomSeed"))
                                    : call_.context().random()();
  }

  TreeTarget target() const { return {.values = y_, .classes = static_cast<size_t>(classes_)}; }
  std::span<const ColumnView> columns() const { return views_; }
  BinnedColumns bins() const { return binned(views_, static_cast<size_t>(bins_), cores()); }
  const CancellationToken& cancellation() const { return call_.context().cancellation(); }

  /// The dictionary, without what is this function's own.
  Dictionary model(const TreeTerms& terms, const Trees& trees) const;

 private:
  void read_classes() {
    const auto& a = arguments();
    classes_ = positive(a, 3, "numClasses", 0, kClassesMax);
    for (const double y : y_) {
      if (!(y >= 0 && y < static_cast<double>(classes_)) || y != std::floor(y))
        a.refuse("yColName", "must name a column of whole numbers from 0 to numClasses - 1.");
    }
  }

  const FunctionCall call_;
  const std::string_view model_name_;
  const size_t first_;  // the position of maxFeatures
  std::vector<std::string> names_;
  Columns columns_;
  std::vector<ColumnView> views_;
  std::vector<double> y_;
  int64_t classes_ = 0, bins_ = 0;
};

void put(Dictionary* dictionary, const char* key, const Value& value) {
  dictionary->set(Scalar::of_string(key), value);
}

template <class T>
Value vector_value(Type type, const std::vector<T>& numbers) {
  Vector vector(type, numbers.size());
  std::copy(numbers.begin(), numbers.end(), vector.edit<T>().begin());
  return vector;
}

Value tree_value(const WeightedTree& grown) {
  Dictionary fields(Type::kString, Type::kAny, true);
  put(&fields, "column", vector_value(Type::kInt, grown.tree.columns));
  put(&fields, "threshold", vector_value(Type::kDouble, grown.tree.thresholds));
  put(&fields, "left", vector_value(Type::kInt, grown.tree.left));
  put(&fields, "right", vector_value(Type::kInt, grown.tree.right));
  put(&fields, "value", vector_value(Type::kDouble, grown.tree.values));
  put(&fields, "weight", Value::of_double(grown.weight));
  return fields;
}

Dictionary Training::model(const TreeTerms& terms, const Trees& trees) const {
  const auto& a = arguments();
  std::vector<Value> values;
  for (const auto& tree : trees) values.push_back(tree_value(tree));
  Dictionary model(Type::kString, Type::kAny, true);
  if (classes_ > 0) put(&model, "numClasses", Value::of_int(static_cast<int32_t>(classes_)));
  put(&model, "minImpurityDecrease", Value::of_double(terms.decrease_min));
  put(&model, "maxDepth", Value::of_int(static_cast<int32_t>(terms.depth_max)));
  put(&model, "numBins", Value::of_int(static_cast<int32_t>(bins_)));
  put(&model, "numTrees", Value::of_int(static_cast<int32_t>(tree_count())));
  put(&model, "maxFeatures", is_given(a, first_) ? a[first_] : Value::of_int(0));
  put(&model, "model", Vector::tuple(std::move(values)));
  put(&model, "modelName", Value::of_string(std::string(model_name_)));
  put(&model, "xColNames", Vector::of_strings(Type::kString, names_));
  if (const auto predict = call_.context().find_function("treesPredict")) put(&model, "predict", *predict);
  return model;
}

// ------------------------------------------------------------------ learning

size_t jobs_of(const Arguments& a, size_t i) {
  const int64_t jobs = is_given(a, i) ? a.integer(i, "numJobs") : -1, all = static_cast<int64_t>(cores());
  if (jobs == 0) a.refuse("numJobs", "must be positive, or negative to leave threads free: -1 takes all.");
  return static_cast<size_t>(std::clamp<int64_t>(jobs > 0 ? jobs : all + 1 + jobs, 1, kTreesMax));
}

Value forest(std::string_view name, std::string_view model_name, bool has_classes, CallContext& context,
             std::span<Value> args) {
  const Training training(name, model_name, has_classes, context, args);
  ForestTerms terms{.tree = training.tree_terms(32), .trees = training.tree_count()};
  terms.threads = jobs_of(training.arguments(), training.own());
  terms.seed = training.seed(training.own() + 1);
  const auto trees =
      training.call().checked(grow_forest(training.bins(), training.target(), terms, training.cancellation()));
  return training.model(terms.tree, trees);
}

BoostTerms boost_terms(const Training& training) {
  const auto& a = training.arguments();
  BoostTerms terms{.tree = training.tree_terms(10), .trees = training.tree_count()};
  if (is_given(a, training.own())) terms.learning_rate = a.number(training.own(), "learningRate");
  if (!(terms.learning_rate > 0) || !std::isfinite(terms.learning_rate)) a.refuse("learningRate", "must be positive.");
  terms.seed = training.seed(training.own() + 2);
  return terms;
}

/// adaBoostClassifier(ds, yColName, xColNames, numClasses, [maxFeatures] … [learningRate], [algorithm], [randomSeed])
Value boosted_classifier(CallContext& context, std::span<Value> args) {
  const Training training("adaBoostClassifier", kBoostClassifier, true, context, args);
  const auto& a = training.arguments();
  const size_t at = training.own() + 1;
  const auto algorithm = is_given(a, at) ? a.text(at, "algorithm") : "SAMME.R";
  if (algorithm != "SAMME.R" && algorithm != "SAMME") a.refuse("algorithm", "must be SAMME.R or SAMME.");
  const auto terms = boost_terms(training);
  const auto trees = training.call().checked(boost_classes(training.columns(), training.bins(), training.target(),
                                                           terms, algorithm == "SAMME.R", training.cancellation()));
  auto model = training.model(terms.tree, trees);
  put(&model, "learningRate", Value::of_double(terms.learning_rate));
  put(&model, "algorithm", Value::of_string(algorithm));
  return model;
}

/// adaBoostRegressor(ds, yColName, xColNames, [maxFeatures] … [learningRate], [loss], [randomSeed])
Value boosted_regressor(CallContext& context, std::span<Value> args) {
  constexpr std::string_view kLosses[] = {"linear", "square", "exponential"};
  const Training training("adaBoostRegressor", kBoostRegressor, false, context, args);
  const auto& a = training.arguments();
  const size_t at = training.own() + 1;
  const auto loss = is_given(a, at) ? a.text(at, "loss") : "linear";
  const auto found = std::find(std::begin(kLosses), std::end(kLosses), loss);
  if (found == std::end(kLosses)) a.refuse("loss", "must be linear, square or exponential.");
  const auto terms = boost_terms(training);
  const auto trees = training.call().checked(boost_numbers(training.columns(), training.bins(), training.target(),
                                                           terms, static_cast<BoostLoss>(found - std::begin(kLosses)),
                                                           training.cancellation()));
  auto model = training.model(terms.tree, trees);
  put(&model, "learningRate", Value::of_double(terms.learning_rate));
  put(&model, "loss", Value::of_string(loss));
  return model;
}

// ------------------------------------------------------------------ asking

/// Reads a model that may have been made or changed by hand.
class StoredTrees {
 public:
  explicit StoredTrees(const Arguments& a) : a_(a), model_(model_of(a)) {
    const Value names = model_.get(std::string_view("xColNames")), all = model_.get(std::string_view("model"));
    if (!names.is_vector() || !types::is_literal(names.type()) || !all.is_tuple()) refuse();
    for (size_t i = 0; i < names.vector().size(); ++i) names_.push_back(names.vector().at(i).text());
    const auto name = text("modelName");
    const bool has_classes = name == kForestClassifier || name == kBoostClassifier;
    if (!has_classes && name != kForestRegressor && name != kBoostRegressor) refuse();
    vote_ = name == kForestClassifier        ? Vote::kShares
            : name == kForestRegressor       ? Vote::kMean
            : name == kBoostRegressor        ? Vote::kMedian
            : text("algorithm") == "SAMME.R" ? Vote::kLogShares
                                             : Vote::kWeights;
    const double outputs = has_classes ? number(model_, "numClasses") : 1;
    if (!(outputs >= 1 && outputs <= static_cast<double>(kClassesMax))) refuse();
    for (const auto& tree : all.vector().values_any()) trees_.push_back(tree_of(tree, static_cast<size_t>(outputs)));
    if (trees_.empty()) refuse();
  }

  const Trees& trees() const { return trees_; }
  Vote vote() const { return vote_; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  static const Dictionary& model_of(const Arguments& a) {
    if (!a[0].is_dictionary()) a.refuse("model", "must be what randomForestClassifier or its kin give.");
    return a[0].dictionary();
  }
  [[noreturn]] void refuse() const {
    a_.refuse("model",
              "must be what randomForestClassifier, randomForestRegressor, adaBoostClassifier or "
              "adaBoostRegressor give; its trees have been changed.");
  }
  std::string text(const char* key) const {
    const Value value = model_.get(std::string_view(key));
    return value.is_text() ? value.text() : std::string();
  }
  double number(const Dictionary& fields, const char* key) const {
    const Value value = fields.get(std::string_view(key));
    if (!value.is_scalar() || value.is_null() || !types::is_numeric(value.type())) refuse();
    return value.scalar().as_double();
  }
  template <class T>
  std::vector<T> numbers(const Dictionary& fields, const char* key, Type type) const {
    const Value value = fields.get(std::string_view(key));
    if (!value.is_vector() || value.type() != type || value.vector().is_array()) refuse();
    const auto span = value.vector().values<T>();
    return {span.begin(), span.end()};
  }
  WeightedTree tree_of(const Value& value, size_t outputs) const {
    if (!value.is_dictionary()) refuse();
    const auto& fields = value.dictionary();
    WeightedTree read{.tree = {}, .weight = number(fields, "weight")};
    auto& tree = read.tree;
    tree.outputs = outputs;
    tree.columns = numbers<int32_t>(fields, "column", Type::kInt);
    tree.thresholds = numbers<double>(fields, "threshold", Type::kDouble);
    tree.left = numbers<int32_t>(fields, "left", Type::kInt);
    tree.right = numbers<int32_t>(fields, "right", Type::kInt);
    tree.values = numbers<double>(fields, "value", Type::kDouble);
    if (!is_sound(tree, names_.size())) refuse();
    return read;
  }

  const Arguments& a_;
  const Dictionary& model_;
  std::vector<std::string> names_;
  Vote vote_{};
  Trees trees_;
};

/// treesPredict(model, X)
Value predict(CallContext& context, std::span<Value> args) {
  const FunctionCall call("treesPredict", context, args);
  const StoredTrees stored(call.arguments());
  const auto table = table_argument(call.name(), args[1]);
  Columns columns;
  for (const auto& name : stored.names()) columns.push_back(training_numbers(call.name(), table, name));
  const std::vector<ColumnView> views(columns.begin(), columns.end());
  return vector_value(Type::kDouble,
                      call.checked(voted(stored.trees(), stored.vote(), views, cores(), context.cancellation())));
}

}  // namespace

void register_trees(Registry& registry) {
  const auto row = [&](Declaration d) {
    d.nulls = "Nulls are refused.";
    declare(registry, kFamily, Nature::kWhole, std::move(d));
  };
  row({"randomForestClassifier",
       "ds, yColName, xColNames, numClasses, [maxFeatures=0], [numTrees=10], [numBins=32], [maxDepth=32], "
       "[minImpurityDecrease=0.0], [numJobs=-1], [randomSeed]",
       [](CallContext& c, std::span<Value> v) {
         return forest("randomForestClassifier", kForestClassifier, true, c, v);
       },
       "A model of many classification trees, each grown on rows drawn anew: the class with the largest mean share is "
       "what predict says.",
       "t = table(0 0 0 0 1 1 1 1 as cls, 1 2 3 4 7 8 9 10 as x)\n"
       "predict(randomForestClassifier(sqlDS(<select * from t>), `cls, `x, 2, randomSeed=1), table(0.5 3 8 20 as x))",
       "[0,0,1,1]"});
  row({"randomForestRegressor",
       "ds, yColName, xColNames, [maxFeatures=0], [numTrees=10], [numBins=32], [maxDepth=32], "
       "[minImpurityDecrease=0.0], [numJobs=-1], [randomSeed]",
       [](CallContext& c, std::span<Value> v) {
         return forest("randomForestRegressor", kForestRegressor, false, c, v);
       },
       "A model of many regression trees, each grown on rows drawn anew: predict gives the mean of their answers.",
       "t = table(take(2.0, 50) join take(5.0, 50) as y, 1..100 as x)\n"
       "predict(randomForestRegressor(sqlDS(<select * from t>), `y, `x, numBins=100, randomSeed=1), table(10 90 as x))",
       "[2,5]"});
  row({"adaBoostClassifier",
       "ds, yColName, xColNames, numClasses, [maxFeatures=0], [numTrees=10], [numBins=32], [maxDepth=10], "
       "[minImpurityDecrease=0.0], [learningRate=0.1], [algorithm='SAMME.R'], [randomSeed]",
       boosted_classifier,
       "A model of classification trees one after another, each heeding the rows more that those before got wrong.",
       "t = table(0 0 0 0 1 1 1 1 as cls, 1 2 3 4 7 8 9 10 as x)\n"
       "predict(adaBoostClassifier(sqlDS(<select * from t>), `cls, `x, 2), table(0.5 3 8 20 as x))",
       "[0,0,1,1]"});
  row({"adaBoostRegressor",
       "ds, yColName, xColNames, [maxFeatures=0], [numTrees=10], [numBins=32], [maxDepth=10], "
       "[minImpurityDecrease=0.0], [learningRate=0.1], [loss='linear'], [randomSeed]",
       boosted_regressor,
       "A model of regression trees one after another, each heeding the rows more that those before missed by far: "
       "predict gives the median of their answers by weight.",
       "t = table(take(2.0, 50) join take(5.0, 50) as y, 1..100 as x)\n"
       "predict(adaBoostRegressor(sqlDS(<select * from t>), `y, `x, numBins=100, randomSeed=1), table(10 90 as x))",
       "[2,5]"});
  row({"treesPredict", "model, X", predict,
       "What a model of trees says about the rows of a table; predict(model, X) calls it.",
       "t = table(0 0 1 1 as cls, 1 2 9 10 as x)\n"
       "treesPredict(adaBoostClassifier(t, `cls, `x, 2), table(0 20 as x))",
       "[0,1]"});
}

}  // namespace pelorus::functions
