// Charts, which clients draw. docs/protocol/native.md tells what is in one.

#include <algorithm>
#include <array>

#include "base/script_error.h"
#include "data/chart.h"
#include "exec/language_functions.h"
#include "functions/declare.h"
#include "functions/element_names.h"
#include "functions/lift.h"

namespace pelorus::exec {
namespace {

constexpr std::string_view kFamily = "charts";

using data::Dictionary;
using data::Matrix;
using data::Scalar;
using data::Shared;
using data::Type;
using data::Value;
using data::Vector;
using functions::Arguments;
using functions::CallContext;
using functions::Declaration;
using functions::Nature;

/// The constants AREA … SURFACE.
enum ChartType : int64_t { kBar = 1, kHistogram = 3, kLine = 4, kPie = 5, kSurface = 9 };

constexpr int64_t kBinsDefault = 20;
constexpr int64_t kBinsMax = 1'000'000;

/// What is drawn: a column of `values` for each series.
struct Drawing {
  std::vector<Shared<Vector>> series;
  std::vector<std::string> names;
  std::optional<Shared<Vector>> labels;
};

void add_series(const Arguments& a, const Value& values, std::string name, Drawing* drawing) {
  const auto elements = functions::elements_of(values);
  if (!elements || (*elements)->is_array())
    a.refuse("data", "must be numbers: a vector, a tuple of them, a matrix or a table.");
  const Type type = (*elements)->type();
  if (type != Type::kVoid && !types::is_numeric(type) && !types::is_temporal(type))
    a.refuse("data", "must be numbers, not " + values.type_text() + ".");
  if (!drawing->series.empty() && drawing->series[0]->size() != (*elements)->size())
    functions::refuse_lengths(a.function(), drawing->series[0]->size(), (*elements)->size());
  if (name.empty()) name = "Y" + std::to_string(drawing->series.size() + 1);
  drawing->series.push_back(*elements);
  drawing->names.push_back(std::move(name));
}

void add_matrix(const Arguments& a, const Matrix& matrix, Drawing* drawing) {
  for (size_t c = 0; c < matrix.columns; ++c) {
    std::string name;
    if (matrix.column_labels) {
      if (const auto text = data::convert((*matrix.column_labels)->scalar_at(c), Type::kString)) name = text->text();
    }
    add_series(a, Value(matrix.column(c)), std::move(name), drawing);
  }
  if (matrix.row_labels) drawing->labels = *matrix.row_labels;
}

/// `own_name` and `element_names` are those the call gives to data and to the elements of a bracket.
Drawing drawing_of(const Arguments& a, const std::string& own_name, const std::vector<std::string>& element_names) {
  Drawing drawing;
  const Value& value = a[0];
  if (value.is_matrix()) {
    add_matrix(a, value.matrix(), &drawing);
  } else if (value.is_table()) {
    const auto table = functions::table_argument(a.function(), value);
    for (size_t c = 0; c < table.columns(); ++c)
      add_series(a, Value(table.column_shared(c)), table.names()[c], &drawing);
  } else if (value.is_tuple()) {
    const auto parts = value.vector().values_any();
    for (size_t i = 0; i < parts.size(); ++i)
      add_series(a, parts[i], i < element_names.size() ? element_names[i] : "", &drawing);
  } else {
    add_series(a, value, own_name, &drawing);
  }
  if (drawing.series.empty()) a.refuse("data", "has no series.");
  return drawing;
}

/// Series side by side, of their common type.
Matrix matrix_of(std::string_view function, const Drawing& drawing) {
  Type type = Type::kVoid;
  int scale = 0;
  for (const auto& series : drawing.series) {
    type = data::common_type(type, series->type());
    scale = std::max(scale, series->scale());
  }
  if (type == Type::kAny) functions::usage_error(function, "The series of data must be of types that go together.");
  if (type == Type::kVoid) type = Type::kDouble;
  Vector values(type, 0, scale);
  for (const auto& series : drawing.series) values.append(*functions::converted(function, series, type, scale));
  Matrix matrix{.values = std::move(values), .rows = drawing.series[0]->size(), .columns = drawing.series.size()};
  matrix.row_labels = drawing.labels;
  matrix.column_labels = Shared<Vector>(Vector::of_strings(Type::kString, drawing.names));
  return matrix;
}

/// Titles of the chart and of its axes; those not given are empty.
Value titles_of(const Arguments& a, size_t i) {
  constexpr size_t kTitles = 3, kTitlesMax = 4;
  std::vector<std::string> titles;
  if (a.has(i) && !a[i].is_void()) titles = a.texts(i, "title");
  if (titles.size() > kTitlesMax) a.refuse("title", "has at most 4 texts: of the chart and of the axes x, y and z.");
  titles.resize(std::max(titles.size(), kTitles));
  return Value(Vector::of_strings(Type::kString, std::move(titles)));
}

struct Entry {
  std::string_view key;
  Value value;
};
Value chart_of(std::initializer_list<Entry> entries) {
  Dictionary chart(Type::kString, Type::kAny, true);
  for (const auto& entry : entries) {
    if (!entry.value.is_missing()) chart.set(Scalar::of_string(std::string(entry.key)), entry.value);
  }
  return data::HandleRef(std::make_shared<data::Chart>(std::move(chart)));
}

/// The series with the names the call gives them.
Drawing drawing_of(const Arguments& a, CallContext& context) {
  const auto names = context.argument_names();
  const auto* written = dynamic_cast<const functions::ElementNames*>(&context);
  return drawing_of(a, names.empty() ? "" : names[0],
                    written != nullptr ? written->element_names(0) : std::vector<std::string>());
}

Value plot(CallContext& context, std::span<Value> args) {
  const Arguments a("plot", args);
  auto drawing = drawing_of(a, context);
  if (a.has(1) && !a[1].is_void()) {
    const auto labels = a.vector(1, "labels");
    if (labels->size() != drawing.series[0]->size())
      functions::refuse_lengths(a.function(), drawing.series[0]->size(), labels->size());
    drawing.labels = labels;
  }
  const auto type = a.has(3) && !a[3].is_void() ? a.integer(3, "chartType") : kLine;
  if (type < 0 || type > kSurface)
    a.refuse("chartType", "must be LINE, PIE, COLUMN, BAR, AREA, SCATTER, HISTOGRAM, KLINE, TREND or SURFACE.");
  if (type == kPie && drawing.series.size() != 1) a.refuse("data", "must be one series for a PIE.");
  Value extras = Value::missing();
  if (a.has(5) && !a[5].is_void()) {
    if (!a[5].is_dictionary() || a[5].dictionary().key_type() != Type::kString)
      a.refuse("extras", "must be a dictionary with texts as keys, such as {multiYAxes: true}.");
    extras = a[5];
  }
  return chart_of({{"chartType", Value::of_int(static_cast<int32_t>(type))},
                   {"stacking", Value::of_bool(a.flag_or(4, "stacking", false))},
                   {"title", titles_of(a, 2)},
                   {"data", matrix_of(a.function(), drawing)},
                   {"extras", extras}});
}

/// plotHist(data, [binNum=20], [range], [title])
Value plot_histogram(CallContext& context, std::span<Value> args) {
  const Arguments a("plotHist", args);
  auto drawing = drawing_of(a, context);
  drawing.labels.reset();
  const auto bins = a.has(1) && !a[1].is_void() ? a.integer(1, "binNum") : kBinsDefault;
  if (bins < 1 || bins > kBinsMax) a.refuse("binNum", "must be a positive number of bins.");
  Value start = Value::missing(), end = Value::missing();
  if (a.has(2) && !a[2].is_void()) {
    if (!a[2].is_pair()) a.refuse("range", "must be a pair such as 0:100.");
    const auto bounds = functions::as_doubles(a.function(), Shared<Vector>(a[2].pair().elements));
    const double from = bounds->values<double>()[0], to = bounds->values<double>()[1];
    if (bounds->is_null_at(0) || bounds->is_null_at(1) || !(from < to)) a.refuse("range", "must begin below its end.");
    start = Value::of_double(from);
    end = Value::of_double(to);
  }
  return chart_of({{"chartType", Value::of_int(kHistogram)},
                   {"stacking", Value::of_bool(false)},
                   {"binCount", Value::of_int(static_cast<int32_t>(bins))},
                   {"binStart", start},
                   {"binEnd", end},
                   {"title", titles_of(a, 3)},
                   {"data", matrix_of(a.function(), drawing)}});
}

}  // namespace

void register_charts(functions::Registry& registry) {
  const auto row = [&](Declaration d) { functions::declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  row({"plot", "data, [labels], [title], [chartType=LINE], [stacking=false], [extras]", plot,
       "A chart of the series in data: a vector, a tuple of vectors, the columns of a matrix or table.",
       "schema(plot(3 1 2 as visits, `mon`tue`wed, \"Visits\", COLUMN))[`data]",
       "matrix[[3,1,2]]rows[\"mon\",\"tue\",\"wed\"]cols[\"visits\"]", "Nulls are gaps."});
  row({"plotHist", "data, [binNum=20], [range], [title]", plot_histogram,
       "A histogram of data; clients count the bins.", "schema(plotHist(1.5 2 2.5 7, 4, 0:8))[`binCount]", "4",
       "Nulls belong to no bin."});
}

}  // namespace pelorus::exec
