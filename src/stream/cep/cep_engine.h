#pragma once
// Complex event processing: monitors, objects of classes, hear of events and of the time.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "stream/cep/data_view.h"
#include "stream/cep/event_classes.h"
#include "stream/cep/listener.h"
#include "stream/engines/engine_board.h"

namespace pelorus::stream {

using EventRef = std::shared_ptr<data::InstanceObject>;

/// A kind of event that comes from outside.
struct KnownEvent {
  std::shared_ptr<const exec::ClassFunction> of;
  EventKind kind;
  std::string time_field;  // empty: none
};

struct CepTerms {
  std::vector<data::CodeRef> monitors;  // constructor calls
  std::map<std::string, KnownEvent> events;
  int time_column = -1;  // of the rows fed; -1: none
  size_t type_column = 0, body_column = 1;
  int64_t queue_depth = 1024;
  std::map<std::string, std::shared_ptr<EventSerializer>> outputs;
  std::string dispatch_key;  // empty: one sub-engine
  int64_t buckets = 0;       // 0: a sub-engine for each value of the key
  bool use_system_time = true;
};

/// One object that listens.
struct Monitor {
  std::string name;
  EventRef object;
  std::string spawned_by;  // empty: made with the sub-engine
  std::vector<std::shared_ptr<Listener>> listeners;
  bool ended = false;
};

/// Monitors that share a queue.
struct SubEngine {
  std::string name;
  std::vector<std::shared_ptr<Monitor>> monitors;
  std::deque<EventRef> queue;
  int64_t routed = 0, sent = 0, received = 0, consumed = 0;
  std::optional<Moment> now;  // of events
  std::string last_error;
  std::optional<Moment> last_error_at;
  bool ended = false;
};

/// What getCEPEngineStat says of a sub-engine.
struct SubEngineFacts {
  std::string name;
  int64_t waiting = 0, monitors = 0, listeners = 0, timers = 0, routed = 0, sent = 0, received = 0, consumed = 0;
  std::optional<Moment> last_event_at, last_error_at;
  std::string last_error;
};

/// Whoever brings an event works until the queue is empty, unless somebody works already. A thread that works for one
/// engine never waits for another.
class CepEngine final : public Engine {
 public:
  /// Makes the sub-engine of the engine's name, if there is no dispatch key. ScriptError when a monitor can't be made.
  CepEngine(EngineTerms terms, std::unique_ptr<exec::WorkerSession> session, CepTerms cep);
  ~CepEngine() override;

  /// Rows of kinds and packed events.
  Result<int64_t> append(const data::Table& rows) override;
  EngineFacts facts() const override;
  /// An object of a known class or a dictionary of its fields; ScriptError for others and when the queue is full.
  void append_event(const data::Value& event);
  /// Runs onDestroy and onunload of the monitors; nothing happens afterwards. ScriptError inside a handler of it.
  void drop() override;

  // Inside a handler, for the monitor that runs; ScriptError elsewhere.
  struct Place {
    CepEngine* engine = nullptr;
    SubEngine* sub = nullptr;
    std::shared_ptr<Monitor> monitor;
  };
  /// Where this thread works now. ScriptError "function can be called inside a monitor only".
  static Place here(std::string_view function);
  static CepEngine* running();
  std::shared_ptr<Listener> listen(const Place& place, std::shared_ptr<Listener> listener);
  void send(const Place& place, EventRef event, bool first);
  void emit(const Place& place, const EventRef& event, const std::string& time_field, const std::string& output);
  data::Value spawn(const Place& place, const std::string& name, const data::Value& handler,
                    std::vector<data::Value> arguments);
  void destroy(const Place& place);
  void stop_sub_engine(const Place& place);

  /// Copies of the lists; what they point to lives on. Null or empty when there is none of that name.
  std::vector<std::shared_ptr<Monitor>> monitors(const std::string& sub_engine) const;
  /// The listeners of the monitor that is this object; nothing when it is none of this engine's.
  std::optional<std::vector<std::shared_ptr<Listener>>> listeners_of(const data::InstanceObject* object) const;
  bool has_sub_engine(const std::string& name) const;
  /// Rows of getCEPEngineStat.
  std::vector<SubEngineFacts> sub_engines() const;
  const CepTerms& cep() const { return cep_; }

  EngineBoard& views() { return views_; }

 private:
  struct Working;
  std::string kind() const override { return "CEPEngine"; }
  data::Table process(const data::Table& rows) override;
  int64_t groups() const override { return static_cast<int64_t>(subs_.size()); }
  EventRef event_of(const data::Dictionary& fields) const;
  EventRef unpacked(const data::Table& rows, size_t row) const;
  void enqueue(std::vector<EventRef> events);
  void work();
  void drain();
  void take(const EventRef& event);
  void work_off(SubEngine& sub);
  void forget_if_ended(SubEngine& sub);
  void tell(SubEngine& sub, const EventRef& event);
  bool matches(const Listener& listener, const EventRef& event);
  void call(SubEngine& sub, const std::shared_ptr<Monitor>& monitor, const data::Value& handler,
            std::vector<data::Value> arguments);
  void call_method(SubEngine& sub, const std::shared_ptr<Monitor>& monitor, std::initializer_list<const char*> names);
  void run_timers(SubEngine& sub, Moment now);
  void guarded(SubEngine& sub, const std::function<void()>& action);
  void count_trigger(Listener& listener);
  void forget_ended(SubEngine& sub);
  SubEngine& sub_engine(const std::string& name);
  std::vector<SubEngine*> subs_of(const EventRef& event);
  std::optional<Moment> now_of(const SubEngine& sub);
  Moment system_now();
  void end(SubEngine& sub);
  void keep_time();

  const CepTerms cep_;
  EngineBoard views_;
  std::timed_mutex
      work_mutex_;  // held while events are worked on: the session, and changes of what state_mutex_ guards
  mutable std::mutex state_mutex_;
  std::map<std::string, std::unique_ptr<SubEngine>> subs_;  // written under both mutexes, read under one of them
  mutable std::mutex queue_mutex_;
  std::deque<EventRef> queue_;  // guarded by queue_mutex_
  int64_t received_ = 0;        // guarded by queue_mutex_
  std::atomic<int64_t> emitted_ = 0;
  std::atomic<bool> dropped_ = false;
  std::mutex timer_mutex_;
  std::condition_variable timer_wake_;
  bool stopping_ = false;        // guarded by timer_mutex_
  bool has_new_timers_ = false;  // guarded by timer_mutex_
  std::thread timer_;            // with the system's time: started with the first timer
};

}  // namespace pelorus::stream
