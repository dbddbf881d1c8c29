// replay: rows of tables or data sources into tables, in the order of their times.

#include <algorithm>
#include <cmath>

#include "base/script_error.h"
#include "exec/sources/data_source.h"
#include "functions/declare.h"
#include "functions/append.h"
#include "functions/parts.h"
#include "stream/functions.h"
#include "stream/messages/message_rows.h"
#include "types/temporal.h"

namespace pelorus::stream {
namespace {

using data::Table;
using data::Type;
using data::Value;
using functions::Arguments;
using functions::CallContext;

/// Nanoseconds of each row: a date column, a time column, or both added up.
std::vector<int64_t> times_of(const Arguments& a, const Table& rows, const std::string& date, const std::string& time) {
  std::vector<int64_t> ns(rows.rows(), 0);
  for (const auto* name : {&date, &time}) {
    if (name->empty() || (name == &time && time == date)) continue;
    const int c = rows.find(*name);
    if (c < 0) throw ScriptError("replay: a table has no column " + *name + ".");
    const auto& column = rows.column_shared(static_cast<size_t>(c));
    if (!types::is_temporal(column->type())) a.refuse("timeColumn", "must be temporal.");
    const bool is_clock = types::is_time_of_day(column->type());
    const auto values = functions::converted("replay", column, is_clock ? Type::kNanotime : Type::kNanotimestamp);
    // A full time beside a date stands for itself.
    const bool stands_alone = name == &time && !is_clock;
    for (size_t i = 0; i < ns.size(); ++i) {
      const int64_t value = values->values<int64_t>()[i];
      ns[i] = value == types::kNull<int64_t> ? INT64_MIN : stands_alone ? value : ns[i] + value;
    }
  }
  return ns;
}

struct Input {
  Table rows;
  std::vector<int64_t> times;
  size_t next = 0;
  data::TableRef output;

  bool has_more() const { return next < rows.rows(); }
  int64_t time() const { return times[next]; }
};

Table rows_of(CallContext& context, const Value& value) {
  if (const auto source = exec::data_source_of(value)) return source->rows(context);
  if (value.is_table()) return functions::table_argument("replay", value);
  // Several sources of one input.
  Table all;
  for (const auto& part : functions::parts_or_self(value)) {
    const auto source = exec::data_source_of(part);
    if (source == nullptr) throw ScriptError("replay: inputs must be tables or data sources.");
    const Table rows = source->rows(context);
    if (all.columns() == 0)
      all = rows;
    else if (const auto done = all.append(rows); !done.ok())
      throw ScriptError(done.error().message);
  }
  return all;
}

/// Rows as messages for a table of a time, a kind, a BLOB and any columns that the rows have as well.
Table as_messages(const Arguments& a, const Input& input, const std::string& kind, const std::string& date,
                  const std::string& time) {
  const auto schema = input.output->schema();
  if (schema.size() < 3 || !types::is_temporal(schema[0].type) || !types::is_literal(schema[1].type) ||
      schema[2].type != Type::kBlob)
    a.refuse("outputTables", "must begin with a time, a STRING or SYMBOL, and a BLOB for inputs of several kinds.");
  const auto rows = input.rows.rows();
  std::vector<std::string> names{schema[0].name, schema[1].name, schema[2].name};
  const auto& single = time.empty() ? date : time;
  data::Shared<data::Vector> times = input.rows.column_shared(static_cast<size_t>(input.rows.find(single)));
  if (!date.empty() && !time.empty() && types::is_time_of_day(times->type())) {
    data::Vector whole(Type::kNanotimestamp, rows);
    std::copy(input.times.begin(), input.times.end(), whole.edit<int64_t>().begin());
    times = data::Shared<data::Vector>(std::move(whole));
  }
  std::vector<data::Shared<data::Vector>> columns{
      functions::converted("replay", times, schema[0].type),
      data::Vector::of_strings(Type::kString, std::vector<std::string>(rows, kind)),
      data::Vector::of_strings(Type::kBlob, packed_rows(input.rows))};
  for (size_t c = 3; c < schema.size(); ++c) {
    names.push_back(schema[c].name);
    const int found = input.rows.find(schema[c].name);
    columns.push_back(found >= 0
                          ? input.rows.column_shared(static_cast<size_t>(found))
                          : data::Shared<data::Vector>(data::Vector::nulls(schema[c].type, rows, schema[c].scale)));
  }
  return Table(std::move(names), std::move(columns));
}

/// True for a tuple whose members are inputs of their own: not the sources of one.
bool is_list_of_inputs(const Value& value) {
  if (!value.is_tuple() || value.vector().empty()) return false;
  const Value first = value.vector().at(0);
  return first.is_table() || first.is_tuple();
}

/// Sleeps so that rows leave as fast as asked for.
class Pace {
 public:
  /// `rate`: rows a second when `absolute`, else how many times faster than the rows' own times; 0: no limit.
  Pace(CallContext& context, double rate, bool absolute) : context_(context), rate_(rate), absolute_(absolute) {}
  /// Before a run of rows.
  void wait(size_t rows, int64_t time_ns) {
    if (rate_ <= 0) return;
    constexpr double kMsPerSecond = 1000, kNsPerMs = 1e6;
    owed_ms_ += absolute_
                    ? static_cast<double>(rows) / rate_ * kMsPerSecond
                    : std::max(0.0, static_cast<double>(time_ns - before_ns_) / kNsPerMs / rate_) * (before_ns_ != 0);
    before_ns_ = time_ns;
    if (owed_ms_ < 1) return;
    context_.sleep_ms(static_cast<int64_t>(owed_ms_));
    owed_ms_ -= std::floor(owed_ms_);
  }

 private:
  CallContext& context_;
  const double rate_;
  const bool absolute_;
  double owed_ms_ = 0;
  int64_t before_ns_ = 0;
};

/// Rows of one input that may go together: all before the next input's time; few when they are paced.
size_t run_length(const std::vector<Input>& inputs, size_t chosen, size_t rows_max) {
  int64_t until = INT64_MAX;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (i != chosen && inputs[i].has_more()) until = std::min(until, inputs[i].time());
  }
  const auto& input = inputs[chosen];
  size_t count = 1;
  while (count < rows_max && input.next + count < input.rows.rows() && input.times[input.next + count] <= until)
    ++count;
  return count;
}

Value replay(CallContext& context, std::span<Value> args) {
  Arguments a("replay", args);
  const bool are_messages = args[0].is_dictionary();
  const bool several = is_list_of_inputs(args[0]);
  std::vector<Value> sources{args[0]};
  if (several) sources = functions::parts_or_self(args[0]);
  if (are_messages) sources = functions::parts_or_self(Value(args[0].dictionary().values()));
  if (sources.empty()) a.refuse("inputTables", "must not be empty.");
  std::vector<Value> outputs = args[1].is_tuple() ? functions::parts_or_self(args[1]) : std::vector<Value>{args[1]};
  if (outputs.size() != 1 && outputs.size() != sources.size())
    a.refuse("outputTables", "must be one table, or as many as there are inputs.");
  if (are_messages && outputs.size() != 1) a.refuse("outputTables", "must be one table for a dictionary of inputs.");
  const auto column = [&](size_t at, std::string_view name, size_t i) -> std::string {
    if (!a.has(at) || args[at].is_void()) return "";
    if (args[at].is_dictionary()) {
      if (!are_messages) a.refuse(name, "must be a text or a vector of texts.");
      const Value column = args[at].dictionary().get(args[0].dictionary().keys().scalar_at(i));
      return column.is_text() ? column.text() : "";
    }
    const auto names = a.texts(at, name);
    return names[std::min(i, names.size() - 1)];
  };
  std::vector<Input> inputs;
  for (size_t i = 0; i < sources.size(); ++i) {
    Input input{.rows = rows_of(context, sources[i]), .times = {}};
    input.output = i > 0 && outputs.size() == 1 ? inputs[0].output : table_object_of(context, "replay", outputs[i]);
    const auto date = column(2, "dateColumn", i), time = column(3, "timeColumn", i);
    if (date.empty() && time.empty() && sources.size() > 1) a.refuse("timeColumn", "is missing.");
    input.times = times_of(a, input.rows, date, time);
    if (are_messages) {
      if (date.empty() && time.empty()) a.refuse("timeColumn", "is missing.");
      input.rows = as_messages(a, input, args[0].dictionary().keys().text_at(i), date, time);
    }
    inputs.push_back(std::move(input));
  }
  const double rate = a.number_or(4, "replayRate", 0);
  Pace pace(context, rate, a.flag_or(5, "absoluteRate", true));
  constexpr size_t kRowsAtOnce = 65536;
  while (true) {
    size_t chosen = inputs.size();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].has_more() && (chosen == inputs.size() || inputs[i].time() < inputs[chosen].time())) chosen = i;
    }
    if (chosen == inputs.size()) return Value::null();
    auto& input = inputs[chosen];
    const size_t count = run_length(inputs, chosen, rate > 0 ? 1 : kRowsAtOnce);
    pace.wait(count, input.time());
    const auto added = input.output->append(input.rows.slice(input.next, count));
    if (!added.ok()) throw ScriptError(added.error().message);
    input.next += count;
    if (context.cancellation().cancelled()) throw ScriptError("The replay was cancelled.");
  }
}

}  // namespace

void register_replay(functions::Registry& registry) {
  functions::declare(registry, "streams", functions::Nature::kCommand,
                     {"replay",
                      "inputTables, outputTables, [dateColumn], [timeColumn], [replayRate], [absoluteRate=true], "
                      "[parallelLevel=1]",
                      replay,
                      "Appends the rows of tables or data sources in the order of their times: as fast as possible, so "
                      "many rows a second, or so many times faster than they came. A dictionary of inputs becomes "
                      "messages: the time, the key, the row as BLOB.",
                      "a = table(10:00:00 + 0 2 as t, 1 3 as v); b = table(10:00:00 + 1 3 as t, 2 4 as v)\n"
                      "out = table(9:0, `t`v, [SECOND, INT]); replay([a, b], out, , `t); exec v from out",
                      "[1,2,3,4]"});
}

}  // namespace pelorus::stream
