#pragma once
// Events as objects of classes: their kinds for serializers, their bytes read back.

#include <memory>
#include <string_view>

#include "exec/user_function.h"
#include "stream/messages/event_serializer.h"

namespace pelorus::stream {

/// The fields of a class as an event's. ScriptError naming the field when a field's type can't be packed.
EventKind kind_of_class(const exec::ClassFunction& of);
/// The class behind a value; ScriptError "function: eventSchema …" when it is none.
std::shared_ptr<const exec::ClassFunction> event_class(std::string_view function, const data::Value& value);
/// An empty event of a class.
std::shared_ptr<data::InstanceObject> empty_event(const std::shared_ptr<const exec::ClassFunction>& of);
/// Its fields and its class as eventType.
data::Dictionary event_dictionary(const data::InstanceObject& event);
/// What packed_event() wrote, in the order of the fields. ScriptError when the bytes make no such event.
std::vector<data::Value> unpacked_event(const EventKind& kind, std::string_view name, std::string_view bytes);

}  // namespace pelorus::stream
