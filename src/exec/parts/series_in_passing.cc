#include "exec/parts/series_in_passing.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "exec/operators/built_in.h"
#include "exec/parts/part_groups.h"
#include "kernels/arithmetic.h"
#include "kernels/copy_past_cache.h"
#include "kernels/moving_rows.h"
#include "kernels/visit_number.h"
#include "plan/split_aggregates.h"
#include "plan/walk.h"

namespace pelorus::exec {
namespace {

using data::Shared;
using data::Type;
using data::Vector;
using kernels::kNull;
using syntax::as;
using syntax::Expr;
using syntax::ExprKind;
using types::Repr;

/// Each group's rows of a batch are put side by side: enough of them to make up for the call, few enough for the cache.
constexpr size_t kBatchRows = 1 << 17;
constexpr size_t kRowsLeast = 1 << 16;
constexpr size_t kRowsOfGroup = 64;
constexpr size_t kHistoryMax = 64;
constexpr size_t kKeptMax = 1 << 22;  // elements kept of all groups

/// Results of x[0] … x[rows - 1]; `before` elements stand in front of x: all it looks back to, or all the group has.
using Windowed = std::function<void(const std::byte* x, size_t before, size_t rows, std::byte* out)>;
/// The same for results that rest on all before, which `carry` (the last result) tells.
using Running = std::function<void(const std::byte* x, size_t rows, std::byte* carry, std::byte* out)>;
/// Puts what came before, not null, to results that began with nothing.
using Resumed = std::function<void(const std::byte* carry, std::byte* out, size_t rows)>;

constexpr size_t kCarryBytes = 8;

size_t bytes_of(Repr repr) {
  return kernels::visit_number(repr, []<class T>() { return sizeof(T); });
}

struct Series {
  PartTerm term;
  Repr repr;  // of the elements as calls want them
};

struct SeriesCall {
  const Expr* expr;
  size_t series = 0;
  size_t history = 0;
  Windowed windowed;  // or the other two
  Running running;
  Resumed resumed;
  Type type = Type::kDouble;
  int scale = 0;
  Repr repr = Repr::kF64;    // of the results
  std::byte* out = nullptr;  // by place

  std::byte* out_at(int64_t place) const { return out + static_cast<size_t>(place) * bytes_of(repr); }
};

template <class T>
const T* elements(const std::byte* x) {
  return reinterpret_cast<const T*>(x);
}
template <class T>
T* elements(std::byte* x) {
  return reinterpret_cast<T*>(x);
}

// --- what is asked -----------------------------------------------------------------------------------------------

Windowed window_of(kernels::RowsAggregate aggregate, const kernels::Window& rule) {
  return [=](const std::byte* x, size_t before, size_t rows, std::byte* out) {
    const std::span values(elements<double>(x) - before, before + rows);
    kernels::sliding_rows(values, before, rule, aggregate, elements<double>(out));
  };
}

/// Each element beside the one `distance` before it, as go(x, y, out, rows) says; null where there is none.
template <class T, class Go>
Windowed beside(size_t distance, Go go) {
  return [=](const std::byte* at, size_t before, size_t rows, std::byte* out) {
    const T* const x = elements<T>(at);
    T* const to = elements<T>(out);
    const size_t without = before < distance ? std::min(rows, distance - before) : 0;
    std::fill(to, to + without, kNull<T>);
    if (rows > without) go(x + without, x + without - distance, to + without, rows - without);
  };
}

Windowed elementwise_beside(size_t distance, Repr repr, const kernels::KernelRow& row) {
  const auto kernel = row[static_cast<size_t>(repr)];
  return kernels::visit_number(repr, [&]<class T>() {
    return beside<T>(distance, [kernel](const T* x, const T* y, T* out, size_t rows) {
      kernel({x, false}, {y, false}, out, rows);
    });
  });
}

template <class In, class Out, class Op>
void run_on(SeriesCall& call, Op op) {
  call.running = [op](const std::byte* x, size_t rows, std::byte* carry, std::byte* out) {
    auto held = *elements<Out>(carry);
    for (size_t i = 0; i < rows; ++i) {
      const In value = elements<In>(x)[i];
      if (value != kNull<In>) held = held == kNull<Out> ? static_cast<Out>(value) : op(held, static_cast<Out>(value));
      elements<Out>(out)[i] = held;
    }
    *elements<Out>(carry) = held;
  };
  call.resumed = [op](const std::byte* carry, std::byte* out, size_t rows) {
    const auto held = *elements<Out>(carry);
    Out* const results = elements<Out>(out);
    for (size_t i = 0; i < rows; ++i) results[i] = results[i] == kNull<Out> ? held : op(held, results[i]);
  };
}

/// Finds the calls in expressions and what each of them takes.
class Asked {
 public:
  Asked(RowParts& parts, const QueryStep& step) : parts_(parts), step_(step) {}

  void find(const Expr& expr) {
    if (expr.kind == ExprKind::kCall || expr.kind == ExprKind::kMethodCall) {
      if (take(expr)) return;
    } else if (expr.kind == ExprKind::kBinary ? !plan::is_elementwise(as<syntax::Binary>(expr)->op)
                                              : expr.kind != ExprKind::kUnary && expr.kind != ExprKind::kAlias) {
      return;
    }
    plan::for_each_child(expr, [&](const Expr& child) { find(child); });
  }

  std::vector<Series> series;
  std::vector<SeriesCall> calls;

 private:
  bool take(const Expr& expr) {
    const auto [callee, arguments, plain] = plan::shape_of_call(expr);
    if (!plain || arguments.empty() || std::find(arguments.begin(), arguments.end(), nullptr) != arguments.end())
      return false;
    const auto* function = built_in(*callee, step_.evaluator, step_.rows.constants());
    if (!function || function->nature != functions::Nature::kVector) return false;
    std::vector<int64_t> numbers;
    for (size_t i = 1; i < arguments.size(); ++i) {
      const auto number = whole_literal(*arguments[i]);
      if (!number) return false;
      numbers.push_back(*number);
    }
    SeriesCall call{.expr = &expr};
    const auto& name = function->name;
    return take_window(name, *arguments[0], numbers, call) || take_neighbour(name, *arguments[0], numbers, call) ||
           take_running(name, *arguments[0], numbers, call);
  }

  static std::optional<int64_t> whole_literal(const Expr& expr) {
    const auto* literal = as<syntax::Literal>(expr);
    if (!literal || !types::is_integral(literal->value.type()) || literal->value.is_null()) return std::nullopt;
    return literal->value.as_int64();
  }

  bool add(PartTerm term, Repr repr, SeriesCall call) {
    const auto known = std::find_if(series.begin(), series.end(),
                                    [&](const auto& one) { return one.term.text == term.text && one.repr == repr; });
    call.series = static_cast<size_t>(known - series.begin());
    if (known == series.end()) series.push_back({std::move(term), repr});
    calls.push_back(std::move(call));
    return true;
  }

  std::optional<PartTerm> numbers_term(const Expr& argument) {
    auto term = part_term(parts_, argument);
    if (!term || (!types::is_integral(term->like->type()) && !types::is_floating(term->like->type())))
      return std::nullopt;
    return term;
  }

  bool take_window(std::string_view name, const Expr& argument, const std::vector<int64_t>& numbers, SeriesCall& call) {
    using kernels::RowsAggregate;
    static constexpr std::pair<std::string_view, RowsAggregate> kNames[] = {
        {"msum", RowsAggregate::kSum},
        {"mavg", RowsAggregate::kAverage},
        {"mvar", RowsAggregate::kSampleVariance},
        {"mvarp", RowsAggregate::kPopulationVariance},
        {"mstd", RowsAggregate::kSampleDeviation},
        {"mstdp", RowsAggregate::kPopulationDeviation},
    };
    const auto* found =
        std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return n.first == name; });
    if (found == std::end(kNames) || numbers.empty() || numbers.size() > 2) return false;
    kernels::Window rule{.rows = numbers[0], .periods = 1, .only_full = numbers.size() == 1};
    if (numbers.size() == 2) rule.periods = numbers[1];
    if (rule.rows < 1 || rule.rows > kernels::kShortWindowRows || rule.periods < 1 || rule.periods > rule.rows)
      return false;
    auto term = numbers_term(argument);
    // Sums of whole numbers are whole.
    if (!term || (found->second == RowsAggregate::kSum && types::is_integral(term->like->type()))) return false;
    call.history = static_cast<size_t>(rule.rows) - 1;
    call.windowed = window_of(found->second, rule);
    return add(std::move(*term), Repr::kF64, std::move(call));
  }

  bool take_neighbour(std::string_view name, const Expr& argument, const std::vector<int64_t>& numbers,
                      SeriesCall& call) {
    const bool is_plain = name == "prev", has_distance = name == "move";
    const bool is_difference = name == "deltas", is_ratio = name == "ratios";
    if (!is_plain && !has_distance && !is_difference && !is_ratio) return false;
    if (numbers.size() > (is_plain ? 0 : 1) || (has_distance && numbers.empty())) return false;
    const int64_t distance = numbers.empty() ? 1 : numbers[0];
    if (distance < 1 || distance > static_cast<int64_t>(kHistoryMax)) return false;
    auto term = part_term(parts_, argument);
    if (!term || term->like->type() == Type::kSymbol) return false;
    const auto repr = term->like->repr();
    call.type = term->like->type();
    call.scale = term->like->scale();
    call.repr = repr;
    call.history = static_cast<size_t>(distance);
    if (is_difference && (call.type == Type::kInt || call.type == Type::kLong || call.type == Type::kDouble)) {
      call.windowed = elementwise_beside(call.history, repr, kernels::kSubtract);
    } else if (is_ratio && call.type == Type::kDouble) {
      call.windowed = elementwise_beside(call.history, repr, kernels::kRatio);
    } else if (is_plain || has_distance) {
      call.windowed = kernels::visit_number(repr, [&]<class T>() {
        return beside<T>(call.history, [](const T*, const T* y, T* out, size_t rows) { std::copy(y, y + rows, out); });
      });
    } else {
      return false;
    }
    return add(std::move(*term), repr, std::move(call));
  }

  bool take_running(std::string_view name, const Expr& argument, const std::vector<int64_t>& numbers,
                    SeriesCall& call) {
    const bool is_sum = name == "cumsum", is_most = name == "cummax";
    if (!numbers.empty() || (!is_sum && !is_most && name != "cummin")) return false;
    auto term = numbers_term(argument);
    if (!term || (is_sum && types::is_floating(term->like->type()))) return false;
    const auto repr = term->like->repr();
    call.type = is_sum ? Type::kLong : term->like->type();
    call.repr = is_sum ? Repr::kI64 : repr;
    kernels::visit_number(repr, [&]<class T>() {
      if constexpr (std::is_integral_v<T>) {
        if (is_sum)
          return run_on<T, int64_t>(call, [](int64_t a, int64_t b) {
            return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
          });
      }
      if (is_most) return run_on<T, T>(call, [](T a, T b) { return a < b ? b : a; });
      run_on<T, T>(call, [](T a, T b) { return b < a ? b : a; });
    });
    return add(std::move(*term), repr, std::move(call));
  }

  RowParts& parts_;
  const QueryStep& step_;
};

// --- rows go by --------------------------------------------------------------------------------------------------

/// Nothing yet, as a running call's results say it.
void put_nothing(const SeriesCall& call, std::byte* carry) {
  kernels::visit_number(call.repr, [&]<class T>() { *elements<T>(carry) = kNull<T>; });
}

bool is_nothing(const SeriesCall& call, const std::byte* carry) {
  return kernels::visit_number(call.repr, [&]<class T>() { return *elements<T>(carry) == kNull<T>; });
}

/// A stretch of rows, its groups numbered for itself.
class Passing {
 public:
  Passing(const Asked& asked, const RowPlacement& placement, size_t stretch, size_t history)
      : asked_(asked),
        placement_(placement),
        number_(stretch),
        stretch_(placement.stretches()[stretch]),
        history_(history),
        next_(stretch_.places),
        rows_(next_.size()),
        begins_(next_.size()),
        seen_(next_.size()),
        carries_(asked.calls.size()) {
    for (const auto& series : asked.series) {
      tails_.emplace_back(next_.size() * history * bytes_of(series.repr));
      heads_.emplace_back(stretch > 0 ? tails_.back().size() : 0);
    }
    for (size_t c = 0; c < asked.calls.size(); ++c) {
      if (!asked.calls[c].running) continue;
      carries_[c].resize(next_.size() * kCarryBytes);
      for (size_t g = 0; g < next_.size(); ++g) put_nothing(asked.calls[c], &carries_[c][g * kCarryBytes]);
    }
    batch_.resize(asked.series.size());
  }

  void take(RowParts::Part& part) {
    if (part.first() >= batch_end_) begin_batch(part.first());
    const size_t first = part.first();
    std::vector<Shared<Vector>> held;
    std::vector<size_t> next;
    for (size_t s = 0; s < batch_.size(); ++s) {
      const auto& series = asked_.series[s];
      const void* const values = values_of(series.term, part, held);
      next = begins_;
      const auto put = [&](auto&& put_one) {
        placement_.each(number_, first, first + part.rows(), next.data(), put_one);
      };
      kernels::visit_number(series.term.like->repr(), [&]<class T>() {
        const T* const from = near_.of(static_cast<const T*>(values), part.rows(), placement_.goes_by_value());
        if (series.repr == series.term.like->repr()) {
          T* const to = elements<T>(batch_[s].data());
          put([=](size_t row, size_t at) { to[at] = from[row - first]; });
        } else {
          double* const to = elements<double>(batch_[s].data());
          put([=](size_t row, size_t at) {
            const T value = from[row - first];
            to[at] = value == kNull<T> ? kNull<double> : static_cast<double>(value);
          });
        }
      });
    }
    begins_ = std::move(next);
    if (part.first() + part.rows() >= batch_end_) end_batch();
  }

  size_t groups() const { return next_.size(); }
  int64_t place_of(size_t group) const { return stretch_.places[group]; }
  size_t rows_of(size_t group) const { return static_cast<size_t>(next_[group] - stretch_.places[group]); }
  /// How many elements of each are kept, at most the history.
  size_t kept_of(size_t group) const { return seen_[group]; }
  /// The last kept_of(group) elements of the series end there.
  const std::byte* tail_end(size_t series, size_t group) const {
    return tails_[series].data() + (group + 1) * history_ * bytes_of(asked_.series[series].repr);
  }
  /// The first ones, as many.
  const std::byte* head(size_t series, size_t group) const {
    return heads_[series].data() + group * history_ * bytes_of(asked_.series[series].repr);
  }
  std::byte* carry(size_t call, size_t group) { return &carries_[call][group * kCarryBytes]; }

 private:
  void begin_batch(size_t first) {
    batch_end_ = std::min(first + kBatchRows, stretch_.end);
    std::fill(rows_.begin(), rows_.end(), 0);
    placement_.count(number_, first, batch_end_, rows_.data());
    size_t at = 0;
    for (size_t g = 0; g < rows_.size(); ++g) {
      if (rows_[g] == 0) continue;
      begins_[g] = at + history_;
      at += history_ + rows_[g];
    }
    for (size_t s = 0; s < batch_.size(); ++s) {
      const size_t bytes = bytes_of(asked_.series[s].repr);
      batch_[s].resize(std::max(batch_[s].size(), at * bytes));
      for (size_t g = 0; g < rows_.size(); ++g) {
        const size_t kept = rows_[g] == 0 ? 0 : seen_[g] * bytes;
        std::memcpy(batch_[s].data() + begins_[g] * bytes - kept, tail_end(s, g) - kept, kept);
      }
    }
  }

  void end_batch() {
    for (size_t g = 0; g < rows_.size(); ++g) {
      const size_t rows = rows_[g];
      if (rows == 0) continue;
      const size_t first = begins_[g] - rows;
      for (size_t c = 0; c < asked_.calls.size(); ++c) {
        const auto& call = asked_.calls[c];
        const std::byte* const x = batch_[call.series].data() + first * bytes_of(asked_.series[call.series].repr);
        std::byte* const to = call.out_at(next_[g]);
        const size_t bytes = rows * bytes_of(call.repr);
        const bool is_apart = placement_.rows() * bytes_of(call.repr) >= kernels::kPastCacheBytes;
        if (is_apart && results_.size() < bytes) results_.resize(bytes);
        std::byte* const out = is_apart ? results_.data() : to;
        if (call.running)
          call.running(x, rows, carry(c, g), out);
        else
          call.windowed(x, std::min<size_t>(seen_[g], call.history), rows, out);
        if (is_apart) kernels::copy_past_cache(out, bytes, to);
      }
      keep(g, first, rows);
      next_[g] += static_cast<int64_t>(rows);
    }
  }

  void keep(size_t group, size_t first, size_t rows) {
    const size_t seen = seen_[group], kept = std::min(history_, seen + rows);
    for (size_t s = 0; s < batch_.size(); ++s) {
      const size_t bytes = bytes_of(asked_.series[s].repr);
      const std::byte* const x = batch_[s].data() + first * bytes;
      if (!heads_[s].empty() && seen < history_) {
        std::memcpy(heads_[s].data() + (group * history_ + seen) * bytes, x, std::min(rows, history_ - seen) * bytes);
      }
      std::byte* const end = tails_[s].data() + (group + 1) * history_ * bytes;
      std::memcpy(end - kept * bytes, x + rows * bytes - kept * bytes, kept * bytes);
    }
    seen_[group] = static_cast<uint32_t>(kept);
  }

  const Asked& asked_;
  const RowPlacement& placement_;
  const size_t number_;
  const RowPlacement::Stretch& stretch_;
  const size_t history_;
  std::vector<int64_t> next_;                    // by group: the place of its next result
  std::vector<size_t> rows_, begins_;            // of the batch, by group
  std::vector<uint32_t> seen_;                   // by group: elements kept
  std::vector<std::vector<std::byte>> tails_;    // by series: the last elements of each group, at the end of its share
  std::vector<std::vector<std::byte>> heads_;    // the first ones, where a stretch stands before
  std::vector<std::vector<std::byte>> carries_;  // by call
  std::vector<std::vector<std::byte>> batch_;    // by series
  NearValues near_;
  std::vector<std::byte> results_;  // of a group, on their way past the cache
  size_t batch_end_ = 0;
};

// --- where stretches meet ----------------------------------------------------------------------------------------

/// A group as the stretches before left it.
struct Before {
  std::vector<std::vector<std::byte>> last;  // by series
  size_t kept = 0;
};

class Seams {
 public:
  Seams(const Asked& asked, std::vector<Passing>& stretches, const ContextRows& rows, size_t history)
      : asked_(asked), stretches_(stretches), rows_(rows), history_(history), before_(rows.count()) {}

  /// Results of a stretch's first rows again, now with the elements before them.
  void look_back() {
    for (size_t s = 0; s < stretches_.size(); ++s) {
      auto& stretch = stretches_[s];
      for (size_t g = 0; g < stretch.groups(); ++g) {
        auto& before = before_[group_at(stretch.place_of(g))];
        before.last.resize(asked_.series.size());
        if (before.kept > 0) begin_again(stretch, g, before);
        go_on(stretch, g, before);
      }
    }
  }

  /// Running results, by what all stretches before came to.
  void carry_on(WorkerPool* workers) {
    for (size_t c = 0; c < asked_.calls.size(); ++c) {
      const auto& call = asked_.calls[c];
      if (!call.running) continue;
      std::vector<const std::byte*> carries(rows_.count(), nullptr);
      for (auto& stretch : stretches_) {
        run_parts(workers, stretch.groups(), [&](size_t, size_t g) {
          auto& before = carries[group_at(stretch.place_of(g))];
          auto* const carry = stretch.carry(c, g);
          if (before && !is_nothing(call, before)) {
            call.resumed(before, call.out_at(stretch.place_of(g)), stretch.rows_of(g));
            call.resumed(before, carry, 1);
          }
          before = carry;
        });
      }
    }
  }

 private:
  size_t group_at(int64_t place) const {
    return static_cast<size_t>(std::upper_bound(rows_.starts.begin(), rows_.starts.end(), place) -
                               rows_.starts.begin()) -
           1;
  }

  void begin_again(const Passing& stretch, size_t g, const Before& before) {
    const size_t rows = std::min(stretch.kept_of(g), history_);
    std::vector<std::byte> joined;
    for (const auto& call : asked_.calls) {
      if (!call.windowed) continue;
      const size_t bytes = bytes_of(asked_.series[call.series].repr);
      joined = before.last[call.series];
      const auto* const head = stretch.head(call.series, g);
      joined.insert(joined.end(), head, head + rows * bytes);
      call.windowed(joined.data() + before.kept * bytes, std::min(before.kept, call.history),
                    std::min(rows, call.history), call.out_at(stretch.place_of(g)));
    }
  }

  void go_on(const Passing& stretch, size_t g, Before& before) {
    const size_t kept = stretch.kept_of(g), together = std::min(history_, before.kept + kept);
    for (size_t s = 0; s < asked_.series.size(); ++s) {
      const size_t bytes = bytes_of(asked_.series[s].repr);
      auto& last = before.last[s];
      const auto* const end = stretch.tail_end(s, g);
      last.insert(last.end(), end - kept * bytes, end);
      last.erase(last.begin(), last.end() - static_cast<std::ptrdiff_t>(together * bytes));
    }
    before.kept = together;
  }

  const Asked& asked_;
  std::vector<Passing>& stretches_;
  const ContextRows& rows_;
  const size_t history_;
  std::vector<Before> before_;  // by group
};

/// The parts go by in the stretches that the placement has.
bool are_alike(const RowParts& parts, const RowPlacement& placement) {
  const auto& stretches = placement.stretches();
  if (parts.rows() != placement.rows() || parts.stretches() != stretches.size()) return false;
  for (size_t s = 0; s < stretches.size(); ++s) {
    if (parts.bounds(s) != std::pair(stretches[s].begin, stretches[s].end)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::pair<const Expr*, Shared<Vector>>> series_in_passing(const std::vector<SelectItem>& items,
                                                                      const QueryStep& step, const ContextRows& rows) {
  const size_t count = step.rows.rows();
  if (!rows.placement || count < kRowsLeast || rows.count() > count / kRowsOfGroup) return {};
  RowParts parts(step.rows, step.evaluator);
  if (!are_alike(parts, *rows.placement)) return {};
  Asked asked(parts, step);
  for (const auto& item : items) {
    if (item.names.size() == 1) asked.find(*item.expr);
  }
  size_t history = 0;
  for (const auto& call : asked.calls) history = std::max(history, call.history);
  if (asked.calls.empty() || rows.count() * (history + 1) * asked.series.size() > kKeptMax) return {};

  std::vector<Vector> results;
  for (auto& call : asked.calls) {
    results.emplace_back(call.type, count, call.scale);
    call.out = kernels::visit_number(
        call.repr, [&]<class T>() { return reinterpret_cast<std::byte*>(results.back().edit<T>().data()); });
  }
  std::vector<Passing> stretches;
  for (size_t s = 0; s < parts.stretches(); ++s) stretches.emplace_back(asked, *rows.placement, s, history);
  try {
    parts.run([&](size_t stretch, RowParts::Part& part) { stretches[stretch].take(part); });
  } catch (const OtherType&) {
    return {};
  }
  Seams seams(asked, stretches, rows, history);
  if (stretches.size() > 1) {
    seams.look_back();
    seams.carry_on(step.evaluator.workers());
  }
  std::vector<std::pair<const Expr*, Shared<Vector>>> out;
  for (size_t c = 0; c < results.size(); ++c)
    out.emplace_back(asked.calls[c].expr, Shared<Vector>(std::move(results[c])));
  return out;
}

}  // namespace pelorus::exec
