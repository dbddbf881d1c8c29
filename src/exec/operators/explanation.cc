#include "exec/operators/explanation.h"

#include <boost/json.hpp>
#include <algorithm>
#include <utility>

#include "base/script_error.h"

namespace pelorus::exec {
namespace {

int64_t microseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
}

size_t rows_of(const data::Value& result) {
  if (result.is_plain_table()) return result.table().rows();
  if (result.is_vector()) return result.vector().size();
  return 1;
}

}  // namespace

Explanation::Timed::Timed(Explanation* explanation, std::string_view step) : explanation_(explanation), step_(step) {
  if (!explanation_) return;
  explanation_->step(step_);
  outer_ = std::exchange(explanation_->current_, this);
}

Explanation::Timed::~Timed() {
  if (!explanation_) return;
  const int64_t whole = microseconds_since(begin_);
  auto& cost = explanation_->step(step_)["cost"];
  cost = (cost.is_int64() ? cost.as_int64() : 0) + whole - within_;
  explanation_->current_ = outer_;
  if (outer_) outer_->within_ += whole;
}

boost::json::object& Explanation::step(std::string_view name) {
  auto& step = steps_[name];
  if (!step.is_object()) step.emplace_object();
  return step.as_object();
}

boost::json::object Explanation::closed(const data::Value& result) const {
  auto out = steps_;
  out["rows"] = rows_of(result);
  out["cost"] = microseconds_since(begin_);
  return out;
}

void Explanation::nest(std::string_view step, const Explanation& inner, const data::Value& result) {
  this->step(step)["explain"] = inner.closed(result);
}

std::string Explanation::text(const data::Value& result) const {
  return boost::json::serialize(boost::json::object{{"measurement", "microsecond"}, {"explain", closed(result)}});
}

int64_t Explanation::Part::number(std::string_view name) const {
  const auto found = steps.find(name);
  return found != steps.end() && found->value().is_int64() ? found->value().as_int64() : 0;
}

void Explanation::tell_parts(const std::vector<Part>& parts, size_t local, size_t rows) {
  auto& map = step("map");
  auto& counts = map["partitions"];
  if (!counts.is_object()) counts = {{"local", 0}, {"remote", 0}};
  counts.as_object()["local"].as_int64() += static_cast<int64_t>(local);
  counts.as_object()["remote"].as_int64() += static_cast<int64_t>(parts.size() - local);
  const auto extremes = [&](std::string_view measure) -> boost::json::object {
    const auto [least, most] =
        std::ranges::minmax_element(parts, {}, [measure](const Part& part) { return part.number(measure); });
    const auto told = [](const Part& part) -> boost::json::object {
      return {{"sql", part.sql}, {"explain", part.steps}};
    };
    return {{"most", told(*most)}, {"least", told(*least)}};
  };
  if (!parts.empty()) map["detail"] = extremes("cost");
  auto& merge = step("merge");
  merge["rows"] = merge["row"] = rows;  // manual and tutorial name it differently
  if (!parts.empty()) merge["detail"] = extremes("rows");
}

data::Value result_with(data::Value text, data::Value result) {
  return data::Table({"result", "explanation"},
                     {data::Vector::tuple({std::move(result)}), data::Vector::tuple({std::move(text)})});
}

ExplainedResult without_explanation(const data::Table& answer) {
  if (answer.columns() != 2 || answer.rows() != 1 || !answer.column(0).at(0).is_plain_table())
    throw ScriptError("A partition did not explain what it did.");
  boost::system::error_code fault;
  auto told = boost::json::parse(answer.column(1).at(0).text(), fault);
  auto* whole = fault ? nullptr : told.if_object();
  auto* steps = whole ? whole->if_contains("explain") : nullptr;
  if (!steps || !steps->is_object()) throw ScriptError("A partition's explanation can't be read.");
  return {answer.column(0).at(0).table(), std::move(steps->as_object())};
}

}  // namespace pelorus::exec
