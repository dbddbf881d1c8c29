#include "stream/cep/cep_engine.h"

#include <algorithm>

#include "base/log.h"
#include "base/script_error.h"
#include "data/convert.h"
#include "data/row_index.h"

namespace pelorus::stream {

using data::InstanceObject;
using data::Table;
using data::Value;

namespace {

/// How long dropping waits for a handler that runs.
constexpr std::chrono::seconds kDropWait{10};

/// Where this thread works, innermost last.
thread_local std::vector<CepEngine::Place> places;

}  // namespace

/// Notes that this thread works for the engine, at a monitor or at none.
struct CepEngine::Working {
  Working(CepEngine* engine, SubEngine* sub, std::shared_ptr<Monitor> monitor) {
    places.push_back({engine, sub, std::move(monitor)});
  }
  ~Working() { places.pop_back(); }
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;
};

CepEngine::CepEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, CepTerms cep)
    : Engine(std::move(terms), std::move(session)), cep_(std::move(cep)) {
  if (!cep_.dispatch_key.empty()) return;
  const std::lock_guard lock(work_mutex_);
  sub_engine(name());
}

CepEngine::~CepEngine() {
  {
    const std::lock_guard lock(timer_mutex_);
    stopping_ = true;
    timer_wake_.notify_one();
  }
  interpreter().session().cancellation.cancel();
  if (timer_.joinable()) timer_.join();
}

// ------------------------------------------------------------------ events come

EventRef CepEngine::event_of(const data::Dictionary& fields) const {
  const Value named = fields.get(std::string_view("eventType"));
  const auto type = named.is_text() ? named.text() : std::string();
  const auto found = cep_.events.find(type);
  if (found == cep_.events.end())
    throw ScriptError("An event must have its kind at eventType, one of those of eventSchema; there is no " + type +
                      ".");
  const auto event = empty_event(found->second.of);
  for (const auto& field : event->fields()) {
    if (fields.find(data::Scalar::of_string(field.name)) < 0)
      throw ScriptError("The event " + type + " lacks its field " + field.name + ".");
    if (const auto done = event->set(field.name, fields.get(std::string_view(field.name))); !done.ok())
      throw ScriptError(done.error().message);
  }
  return event;
}

void CepEngine::append_event(const Value& value) {
  EventRef event;
  if (value.is_dictionary()) {
    event = event_of(value.dictionary());
  } else if (const auto given = data::instance_of(value)) {
    if (!cep_.events.contains(given->class_name()))
      throw ScriptError("The engine " + name() + " knows no event " + given->class_name() + "; see eventSchema.");
    event = given->copy();
  } else {
    throw ScriptError("An event must be an object of a class or a dictionary, not " + value.type_text() + ".");
  }
  enqueue({std::move(event)});
}

/// A row of the table fed; ScriptError when it makes no known event.
EventRef CepEngine::unpacked(const Table& rows, size_t row) const {
  const auto& type = rows.column(cep_.type_column).text_at(row);
  const auto found = cep_.events.find(type);
  if (found == cep_.events.end()) throw ScriptError("The engine " + name() + " knows no event " + type + ".");
  const auto& known = found->second;
  const auto event = empty_event(known.of);
  const auto values = unpacked_event(known.kind, type, rows.column(cep_.body_column).text_at(row));
  for (size_t i = 0; i < values.size(); ++i) {
    if (const auto done = event->set(known.kind.fields[i].name, values[i]); !done.ok())
      throw ScriptError(done.error().message);
  }
  if (cep_.time_column >= 0 && !known.time_field.empty() && !cep_.use_system_time)
    (void)event->set(known.time_field, rows.column(static_cast<size_t>(cep_.time_column)).at(row));
  return event;
}

Result<int64_t> CepEngine::append(const Table& rows) {
  Table typed(terms().input);
  TRY_DONE(typed.append(rows));
  std::vector<EventRef> events;
  try {
    for (size_t r = 0; r < typed.rows(); ++r) events.push_back(unpacked(typed, r));
    enqueue(std::move(events));
  } catch (const ScriptError& error) {
    return Error{ErrorCode::kScript, "The engine " + name() + " failed: " + error.message()};
  }
  return static_cast<int64_t>(typed.rows());
}

void CepEngine::enqueue(std::vector<EventRef> events) {
  if (dropped_) throw ScriptError("The engine " + name() + " has been dropped.");
  for (auto& event : events) {
    for (bool is_in = false; !is_in;) {
      {
        const std::lock_guard lock(queue_mutex_);
        is_in = queue_.size() < static_cast<size_t>(cep_.queue_depth);
        if (is_in) {
          queue_.push_back(std::move(event));
          ++received_;
        }
      }
      if (is_in) break;
      if (!places.empty())
        throw ScriptError("The queue of the engine " + name() + " is full: " + std::to_string(cep_.queue_depth) +
                          " events wait; see eventQueueDepth.");
      work();
    }
  }
  work();
}

/// Works until the queue is empty. Inside a handler of any engine nobody is waited for: who works now sees the events.
void CepEngine::work() {
  for (bool waits = places.empty();; waits = false) {
    if (running() == this) return;
    std::unique_lock lock(work_mutex_, std::defer_lock);
    if (waits)
      lock.lock();
    else if (!lock.try_lock())
      return;
    drain();
    lock.unlock();
    const std::lock_guard queue_lock(queue_mutex_);
    if (queue_.empty()) return;
  }
}

void CepEngine::drain() {
  while (!dropped_) {
    EventRef event;
    {
      const std::lock_guard lock(queue_mutex_);
      if (queue_.empty()) return;
      event = std::move(queue_.front());
      queue_.pop_front();
    }
    take(event);
  }
}

// ------------------------------------------------------------------ sub-engines

SubEngine& CepEngine::sub_engine(const std::string& sub_name) {
  const auto found = subs_.find(sub_name);
  if (found != subs_.end()) return *found->second;
  auto made = std::make_unique<SubEngine>();
  made->name = sub_name;
  SubEngine& sub = *made;
  {
    const std::lock_guard lock(state_mutex_);
    subs_[sub_name] = std::move(made);
  }
  for (const auto& code : cep_.monitors) {
    auto monitor = std::make_shared<Monitor>();
    const Working working(this, &sub, monitor);
    const Value object = interpreter().evaluate(*code, nullptr);
    const auto* of = exec::class_of(object);
    if (of == nullptr) throw ScriptError("createCEPEngine: monitors must be constructor calls such as <MyMonitor()>.");
    if (!exec::bound_method(object, "onload"))
      throw ScriptError("createCEPEngine: the monitor " + of->name() + " must have a method onload.");
    monitor->name = of->name();
    monitor->object = data::instance_of(object);
    const std::lock_guard lock(state_mutex_);
    sub.monitors.push_back(std::move(monitor));
  }
  const auto all = sub.monitors;
  for (const auto& monitor : all) {
    const Working working(this, &sub, monitor);
    (void)interpreter().call(*exec::bound_method(Value(data::HandleRef(monitor->object)), "onload"), {});
  }
  work_off(sub);
  return sub;
}

std::vector<SubEngine*> CepEngine::subs_of(const EventRef& event) {
  if (cep_.dispatch_key.empty()) {
    const auto found = subs_.find(name());
    return found == subs_.end() ? std::vector<SubEngine*>() : std::vector<SubEngine*>{found->second.get()};
  }
  const auto key = event->get(cep_.dispatch_key);
  if (!key) {  // events without the key are everybody's
    std::vector<SubEngine*> all;
    for (const auto& [sub_name, sub] : subs_) all.push_back(sub.get());
    return all;
  }
  const std::string text = key->is_text() ? key->text() : exec::to_script(*key);
  if (cep_.buckets == 0) return {&sub_engine(text)};
  const auto bucket = std::hash<std::string>()(text) % static_cast<size_t>(cep_.buckets);
  return {&sub_engine(std::to_string(bucket))};
}

void CepEngine::take(const EventRef& event) {
  std::vector<SubEngine*> subs;
  try {
    subs = subs_of(event);
  } catch (const ScriptError& error) {
    return log_error("The engine " + name() + " can't make a sub-engine: " + error.message());
  }
  for (auto* sub : subs) {
    const auto known = cep_.events.find(event->class_name());
    if (!cep_.use_system_time && known != cep_.events.end() && !known->second.time_field.empty()) {
      const auto time = event->get(known->second.time_field);
      const auto moment = time && time->is_scalar() && !time->is_null()
                              ? data::convert(time->scalar(), data::Type::kTimestamp)
                              : std::nullopt;
      if (moment) {
        const Moment at = moment->get<int64_t>();
        const bool is_first = !sub->now;
        {
          const std::lock_guard lock(state_mutex_);
          sub->now = std::max(sub->now.value_or(at), at);
        }
        if (is_first) {
          for (const auto& monitor : sub->monitors)
            for (const auto& listener : monitor->listeners) listener->schedule(at);
        }
        run_timers(*sub, *sub->now);
      }
    }
    {
      const std::lock_guard lock(state_mutex_);
      ++sub->received;
      sub->queue.push_back(event);
    }
    work_off(*sub);
    forget_if_ended(*sub);
  }
}

void CepEngine::work_off(SubEngine& sub) {
  while (!sub.queue.empty() && !dropped_) {
    EventRef event;
    {
      const std::lock_guard lock(state_mutex_);
      event = std::move(sub.queue.front());
      sub.queue.pop_front();
    }
    tell(sub, event);
    forget_ended(sub);
  }
}

void CepEngine::forget_if_ended(SubEngine& sub) {
  if (!sub.ended) return;
  end(sub);
  const std::lock_guard lock(state_mutex_);
  subs_.erase(subs_.find(sub.name));
}

/// Leaves out the monitors and listeners that have ended.
void CepEngine::forget_ended(SubEngine& sub) {
  const std::lock_guard lock(state_mutex_);
  std::erase_if(sub.monitors, [](const auto& monitor) { return monitor->ended; });
  for (const auto& monitor : sub.monitors)
    std::erase_if(monitor->listeners, [](const auto& listener) { return listener->ended.load(); });
}

// ------------------------------------------------------------------ listeners

namespace {

/// Stock.price and Stock inside a condition.
class EventScope final : public exec::Scope {
 public:
  explicit EventScope(const EventRef& event) : event_(event) {}
  std::optional<Value> find(std::string_view name) override {
    if (name == event_->class_name()) return Value(data::HandleRef(event_));
    return std::nullopt;
  }
  std::optional<Value> find_qualified(std::string_view qualifier, std::string_view name) override {
    return qualifier == event_->class_name() ? event_->get(name) : std::nullopt;
  }

 private:
  const EventRef& event_;
};

}  // namespace

bool CepEngine::matches(const Listener& listener, const EventRef& event) {
  if (listener.event_type.empty()) return false;
  if (listener.event_type != "any" && listener.event_type != event->class_name()) {
    const auto* of = exec::class_of(Value(data::HandleRef(event)));
    if (of == nullptr || !of->extends(listener.event_type)) return false;
  }
  if (listener.condition == nullptr) return true;
  EventScope scope(event);
  const Value flag = interpreter().evaluate(*listener.condition, &scope);
  if (!flag.is_scalar())
    throw ScriptError("The condition of the listener " + listener.name + " must give one truth value.");
  return !flag.is_null() && flag.scalar().as_double() != 0;
}

/// Every listener there is now; those that handlers add hear of the next event.
void CepEngine::tell(SubEngine& sub, const EventRef& event) {
  std::vector<std::pair<std::shared_ptr<Monitor>, std::shared_ptr<Listener>>> all;
  for (const auto& monitor : sub.monitors)
    for (const auto& listener : monitor->listeners) all.emplace_back(monitor, listener);
  bool was_heard = false;
  for (const auto& [monitor, listener] : all) {
    if (monitor->ended || listener->ended || sub.ended || dropped_) continue;
    bool is_match = false;
    guarded(sub, [&] {
      const Working working(this, &sub, monitor);
      is_match = matches(*listener, event);
    });
    if (!is_match) continue;
    was_heard = true;
    if (listener->kind == Listener::Kind::kExceedTime) {
      listener->ended = true;
      continue;
    }
    count_trigger(*listener);
    call(sub, monitor, listener->handler, {Value(data::HandleRef(event))});
  }
  const std::lock_guard lock(state_mutex_);
  sub.consumed += was_heard ? 1 : 0;
}

void CepEngine::count_trigger(Listener& listener) {
  if (listener.times_left > 0) --listener.times_left;
  if (listener.times_left == 0) listener.ended = true;
}

/// What fails leaves its message behind; the engine goes on.
void CepEngine::guarded(SubEngine& sub, const std::function<void()>& action) {
  std::string failed;
  try {
    return action();
  } catch (const ScriptError& error) {
    failed = error.message();
  } catch (const std::bad_alloc&) {
    failed = "Out of memory.";
  }
  log_error("A handler of the engine " + name() + " failed: " + failed);
  const auto at = system_now();
  const std::lock_guard lock(state_mutex_);
  sub.last_error = std::move(failed);
  sub.last_error_at = at;
}

void CepEngine::call(SubEngine& sub, const std::shared_ptr<Monitor>& monitor, const Value& handler,
                     std::vector<Value> arguments) {
  const Working working(this, &sub, monitor);
  guarded(sub, [&] { (void)interpreter().call(handler, std::span<Value>(arguments)); });
}

void CepEngine::call_method(SubEngine& sub, const std::shared_ptr<Monitor>& monitor,
                            std::initializer_list<const char*> names) {
  for (const auto* method : names) {
    if (const auto bound = exec::bound_method(Value(data::HandleRef(monitor->object)), method))
      return call(sub, monitor, *bound, {});
  }
}

// ------------------------------------------------------------------ time

Moment CepEngine::system_now() { return interpreter().call_text("now", {}).scalar().get<int64_t>(); }

std::optional<Moment> CepEngine::now_of(const SubEngine& sub) {
  return cep_.use_system_time ? std::optional<Moment>(system_now()) : sub.now;
}

void CepEngine::run_timers(SubEngine& sub, Moment now) {
  // A listener may be due more than once: every round runs the earliest one.
  constexpr int kRoundsMax = 100'000;
  for (int round = 0; round < kRoundsMax && !dropped_; ++round) {
    std::shared_ptr<Monitor> monitor;
    std::shared_ptr<Listener> earliest;
    for (const auto& each : sub.monitors) {
      for (const auto& listener : each->listeners) {
        const bool is_due = !each->ended && !listener->ended && listener->due && *listener->due <= now;
        if (is_due && (earliest == nullptr || *listener->due < *earliest->due)) {
          earliest = listener;
          monitor = each;
        }
      }
    }
    if (earliest == nullptr) break;
    const Moment due = *earliest->due;
    if (earliest->kind == Listener::Kind::kWithin) {
      earliest->ended = true;
      continue;
    }
    count_trigger(*earliest);
    if (!earliest->ended) earliest->schedule(cep_.use_system_time ? std::max(due, now - 1) : due);
    call(sub, monitor, earliest->handler, {});
  }
  forget_ended(sub);
}

/// The thread of timers that go by the system's time.
void CepEngine::keep_time() {
  std::unique_lock lock(timer_mutex_);
  while (!stopping_) {
    lock.unlock();
    std::optional<Moment> next;
    Moment now = 0;
    if (work_mutex_.try_lock_for(std::chrono::milliseconds(100))) {
      const std::lock_guard work_lock(work_mutex_, std::adopt_lock);
      now = system_now();
      std::vector<SubEngine*> subs;
      for (const auto& [sub_name, sub] : subs_) subs.push_back(sub.get());
      for (auto* sub : subs) {
        run_timers(*sub, now);
        work_off(*sub);
        forget_if_ended(*sub);
      }
      drain();
      now = system_now();
      for (const auto& [sub_name, sub] : subs_)
        for (const auto& monitor : sub->monitors)
          for (const auto& listener : monitor->listeners)
            if (listener->due && !listener->ended) next = std::min(next.value_or(*listener->due), *listener->due);
    } else {
      next = now;
    }
    lock.lock();
    if (stopping_) return;
    const auto woken = [this] { return stopping_ || has_new_timers_; };
    if (next)
      timer_wake_.wait_for(lock, std::chrono::milliseconds(std::clamp<int64_t>(*next - now, 0, 60'000)), woken);
    else
      timer_wake_.wait(lock, woken);
    has_new_timers_ = false;
  }
}

// ------------------------------------------------------------------ inside handlers

CepEngine::Place CepEngine::here(std::string_view function) {
  if (places.empty() || places.back().monitor == nullptr)
    throw ScriptError(std::string(function) + " can be called inside a monitor of createCEPEngine only.");
  return places.back();
}

CepEngine* CepEngine::running() { return places.empty() ? nullptr : places.back().engine; }

std::shared_ptr<Listener> CepEngine::listen(const Place& place, std::shared_ptr<Listener> listener) {
  const std::string wanted = listener->name;
  const auto& there = place.monitor->listeners;
  for (int i = 1; std::any_of(there.begin(), there.end(),
                              [&](const auto& other) { return !other->ended && other->name == listener->name; });
       ++i)
    listener->name = wanted + std::to_string(i);
  if (const auto now = now_of(*place.sub)) listener->schedule(*now);
  {
    const std::lock_guard lock(state_mutex_);
    place.monitor->listeners.push_back(listener);
  }
  if (!listener->is_timer() || !cep_.use_system_time) return listener;
  const std::lock_guard lock(timer_mutex_);
  has_new_timers_ = true;
  if (timer_.joinable())
    timer_wake_.notify_one();
  else if (!stopping_)
    timer_ = std::thread([this] { keep_time(); });
  return listener;
}

void CepEngine::send(const Place& place, EventRef event, bool first) {
  const std::lock_guard lock(state_mutex_);
  auto& queue = place.sub->queue;
  if (queue.size() >= static_cast<size_t>(cep_.queue_depth))
    throw ScriptError("The queue of the sub-engine " + place.sub->name +
                      " is full: " + std::to_string(cep_.queue_depth) + " events wait; see eventQueueDepth.");
  (first ? place.sub->routed : place.sub->sent) += 1;
  if (first)
    queue.push_front(std::move(event));
  else
    queue.push_back(std::move(event));
}

void CepEngine::emit(const Place& place, const EventRef& event, const std::string& time_field,
                     const std::string& output) {
  if (cep_.outputs.empty()) throw ScriptError("emitEvent: the engine " + name() + " was made without an outputTable.");
  auto found = output.empty() && cep_.outputs.size() == 1 ? cep_.outputs.begin() : cep_.outputs.find(output);
  if (found == cep_.outputs.end())
    throw ScriptError(output.empty() ? "emitEvent: outputName must name one of the engine's several outputs."
                                     : "emitEvent: the engine " + name() + " has no output " + output + ".");
  auto fields = event_dictionary(*event);
  if (!time_field.empty()) {
    if (!event->has(time_field))
      throw ScriptError("emitEvent: the event " + event->class_name() + " has no field " + time_field + ".");
    if (const auto now = now_of(*place.sub))
      fields.set(data::Scalar::of_string(time_field), Value(data::Scalar::of<int64_t>(data::Type::kTimestamp, *now)));
  }
  const auto done = found->second->append_event(fields);
  if (!done.ok()) throw ScriptError(done.error().message);
  ++emitted_;
}

Value CepEngine::spawn(const Place& place, const std::string& monitor_name, const Value& handler,
                       std::vector<Value> arguments) {
  for (const auto& monitor : place.sub->monitors) {
    if (monitor->name == monitor_name && !monitor->ended)
      throw ScriptError("spawnMonitor: there is a monitor named " + monitor_name + " already.");
  }
  auto made = std::make_shared<Monitor>();
  made->name = monitor_name;
  made->spawned_by = place.monitor->name;
  made->object = place.monitor->object->copy();
  const Value object{data::HandleRef(made->object)};
  {
    const std::lock_guard lock(state_mutex_);
    place.sub->monitors.push_back(made);
  }
  // A method of the monitor that spawns is run as the new one's.
  Value action = handler;
  const auto* partial =
      handler.is_function() ? dynamic_cast<const exec::PartialFunction*>(handler.function().get()) : nullptr;
  if (partial != nullptr && !partial->bound().empty() &&
      data::instance_of(partial->bound()[0]) == place.monitor->object) {
    auto bound = partial->bound();
    bound[0] = object;
    action = data::FunctionRef(
        std::make_shared<exec::PartialFunction>(partial->function(), std::move(bound), partial->named()));
  }
  const Working working(this, place.sub, made);
  (void)interpreter().call(action, std::span<Value>(arguments));
  return object;
}

void CepEngine::destroy(const Place& place) {
  if (place.monitor->ended) return;
  call_method(*place.sub, place.monitor, {"onDestroy", "ondestroy"});
  place.monitor->ended = true;
}

void CepEngine::stop_sub_engine(const Place& place) { place.sub->ended = true; }

// ------------------------------------------------------------------ the end

void CepEngine::end(SubEngine& sub) {
  const auto all = sub.monitors;
  for (const auto& monitor : all) {
    if (!monitor->spawned_by.empty() && !monitor->ended) call_method(sub, monitor, {"onDestroy", "ondestroy"});
  }
  for (const auto& monitor : all) {
    if (monitor->spawned_by.empty() && !monitor->ended)
      call_method(sub, monitor, {"onunload", "onUnload", "unOnload", "unload"});
  }
}

void CepEngine::drop() {
  for (const auto& place : places) {
    if (place.engine == this)
      throw ScriptError("A handler can't drop its own engine " + name() + "; see stopSubEngine.");
  }
  if (!work_mutex_.try_lock_for(kDropWait)) {
    interpreter().session().cancellation.cancel();
    throw ScriptError("A handler of the engine " + name() +
                      " still runs; it has been cancelled, drop the engine again.");
  }
  {
    const std::lock_guard lock(work_mutex_, std::adopt_lock);
    for (const auto& [sub_name, sub] : subs_) end(*sub);
    dropped_ = true;
    const std::lock_guard state_lock(state_mutex_);
    subs_.clear();
  }
  views_.clear();
  const std::lock_guard lock(timer_mutex_);
  stopping_ = true;
  timer_wake_.notify_one();
}

// ------------------------------------------------------------------ what is seen from outside

std::vector<std::shared_ptr<Monitor>> CepEngine::monitors(const std::string& sub_name) const {
  const std::lock_guard lock(state_mutex_);
  const auto found = subs_.find(sub_name);
  return found == subs_.end() ? std::vector<std::shared_ptr<Monitor>>() : found->second->monitors;
}

bool CepEngine::has_sub_engine(const std::string& sub_name) const {
  const std::lock_guard lock(state_mutex_);
  return subs_.contains(sub_name);
}

std::optional<std::vector<std::shared_ptr<Listener>>> CepEngine::listeners_of(const InstanceObject* object) const {
  const std::lock_guard lock(state_mutex_);
  for (const auto& [sub_name, sub] : subs_) {
    for (const auto& monitor : sub->monitors) {
      if (monitor->object.get() == object) return monitor->listeners;
    }
  }
  return std::nullopt;
}

std::vector<SubEngineFacts> CepEngine::sub_engines() const {
  std::vector<SubEngineFacts> all;
  const std::lock_guard lock(state_mutex_);
  for (const auto& [sub_name, sub] : subs_) {
    SubEngineFacts facts{.name = sub_name,
                         .waiting = static_cast<int64_t>(sub->queue.size()),
                         .monitors = static_cast<int64_t>(sub->monitors.size()),
                         .routed = sub->routed,
                         .sent = sub->sent,
                         .received = sub->received,
                         .consumed = sub->consumed,
                         .last_event_at = sub->now,
                         .last_error_at = sub->last_error_at,
                         .last_error = sub->last_error};
    for (const auto& monitor : sub->monitors) {
      for (const auto& listener : monitor->listeners) {
        ++facts.listeners;
        facts.timers += listener->is_timer() ? 1 : 0;
      }
    }
    all.push_back(std::move(facts));
  }
  return all;
}

EngineFacts CepEngine::facts() const {
  EngineFacts facts{.kind = kind(), .name = name(), .user = terms().user, .rows_out = emitted_};
  for (const auto& sub : sub_engines()) {
    ++facts.groups;
    facts.metrics += sub.monitors;
    if (!sub.last_error.empty()) facts.last_error = sub.last_error;
  }
  const std::lock_guard lock(queue_mutex_);
  facts.rows_in = received_;
  return facts;
}

Table CepEngine::process(const Table&) { throw ScriptError("events are told one at a time."); }

}  // namespace pelorus::stream
