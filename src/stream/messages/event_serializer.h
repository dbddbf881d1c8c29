#pragma once
// Events of several kinds as rows of one stream table: the time, the kind, the fields as one BLOB, fields of its own.

#include <map>
#include <string>
#include <vector>

#include "stream/engines/engine.h"

namespace pelorus::stream {

/// A field of an event: a scalar or a vector of one type.
struct EventField {
  std::string name;
  data::Type type = data::Type::kVoid;
  bool is_vector = false;
};

/// One kind of events.
struct EventKind {
  std::vector<EventField> fields;  // in the order in which they are packed
  std::string time_field;          // empty: the output has no time
};

/// The bytes of an event's fields, as the event clients read them (docs/protocol/native.md §6.6). `values` in the order
/// of the fields, already of their types.
std::string packed_event(const EventKind& kind, const std::vector<data::Value>& values);

/// Takes events as dictionaries, one at a time; thread-safe as all engines are.
class EventSerializer final : public Engine {
 public:
  /// `common`: fields that stand in columns of their own, too. ScriptError when a kind lacks one of them or its time,
  /// or the output table has other columns.
  EventSerializer(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session,
                  std::map<std::string, EventKind> kinds, std::vector<std::string> common);

  /// `event` holds its kind at "eventType" and every field of it. Errors: kScript, kind or field unknown, missing or of
  /// another type.
  Result<int64_t> append_event(const data::Dictionary& event);

 private:
  std::string kind() const override { return "StreamEventSerializer"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(kinds_.size()); }
  data::Table row_of(const data::Dictionary& event) const;

  const std::map<std::string, EventKind> kinds_;
  const std::vector<std::string> common_;
  const bool has_time_;
};

}  // namespace pelorus::stream
