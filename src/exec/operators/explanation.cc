#include "exec/operators/explanation.h"

#include <boost/json.hpp>
#include <utility>

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

}  // namespace pelorus::exec
