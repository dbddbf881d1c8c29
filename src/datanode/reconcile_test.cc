// Orders of the controllers, from their arrival to what the node tells of them.
#include "datanode/reconcile.h"

#include <condition_variable>
#include <future>

#include "datanode/cluster_fixture.h"

namespace pelorus::datanode {
namespace {

/// Passes calls on, after the gate is opened.
class GatedCaller final : public rpc::Caller {
 public:
  explicit GatedCaller(rpc::Caller& inner) : inner_(inner) {}
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void call_async(const std::string& alias, std::string_view method, Bytes payload, rpc::CallOptions options,
                  rpc::Done done) override {
    {
      std::unique_lock lock(mutex_);
      ++calls_;
      called_.notify_all();
      opened_.wait(lock, [&] { return open_; });
    }
    inner_.call_async(alias, method, std::move(payload), options, std::move(done));
  }
  void wait_for_call() {
    std::unique_lock lock(mutex_);
    called_.wait(lock, [&] { return calls_ > 0; });
  }

 private:
  rpc::Caller& inner_;
  std::mutex mutex_;
  std::condition_variable opened_, called_;
  bool open_ = false;  // guarded by mutex_
  int calls_ = 0;      // guarded by mutex_
};

/// Never answers; hears of cancellation only.
class SilentCaller final : public rpc::Caller {
 public:
  void call_async(const std::string&, std::string_view, Bytes, rpc::CallOptions options, rpc::Done done) override {
    called.release();
    waiting_.push_back(std::async(std::launch::async, [this, options, done] {
      const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      while (std::chrono::steady_clock::now() < give_up) {
        if (options.cancellation && options.cancellation->cancelled())
          return done(Error{ErrorCode::kCancelled, "cancelled"});
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      gave_up = true;
      done(Error{ErrorCode::kOutcomeUnknown, "no answer"});
    }));
  }
  Semaphore called{0};
  std::atomic<bool> gave_up = false;

 private:
  std::vector<std::future<void>> waiting_;  // one copy at a time makes them
};

/// dn2 has lost its replicas of forty chunks and is told to copy them from dn1.
class ReconcilerTest : public TwoNodes {
 protected:
  ReconcilerTest() {
    run("db = database('dfs://db', VALUE, 1..40)\n"
        "pt = createPartitionedTable(db, table(1:0, [`id], [INT]), `pt, `id)\n"
        "pt.append!(table(1..40 as id))");
    exports_.register_methods(first_.methods());
    for (const auto& info : second_.store().chunks()) {
      lost_.push_back(info.chunk);
      EXPECT_TRUE(second_.store().drop(info.chunk).ok());
      catalogue_.make_stale("dn2", info.chunk);
    }
    reconciler_.start([this] { ++hurries_; });
  }
  static meta::Order copy_of(ChunkId chunk) {
    return {.kind = meta::Order::Kind::kRecover, .chunk = chunk, .version = 1, .nodes = {"dn1"}};
  }
  std::set<ChunkId> held() {
    std::set<ChunkId> chunks;
    for (const auto& info : second_.store().chunks()) chunks.insert(info.chunk);
    return chunks;
  }

  ManualClock clock_;
  Scrubber scrubber_{first_.store(), {}};
  ExportDesk exports_{first_.store(), scrubber_};
  GatedCaller gate_{caller_};
  ReplicaCopier copier_{second_.store(), gate_, catalogue_, "dn2", [this] { return catalogue_.epoch("dn2"); }, 1};
  std::vector<ChunkId> lost_;
  std::atomic<int> hurries_ = 0;
  Reconciler reconciler_{second_.store(), second_.transactions(), copier_, clock_, 1};
};

TEST_F(ReconcilerTest, replicas_are_copied_once_and_told_of_before_the_next_beat) {
  for (int again = 0; again < 2; ++again) {
    for (const auto chunk : lost_) reconciler_.take(copy_of(chunk));
  }
  gate_.open();
  std::set<ChunkId> told;
  for (int i = 0; i < 3000 && told.size() < lost_.size(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (hurries_.exchange(0) == 0) continue;
    for (const auto& [chunk, version] : reconciler_.take_recovered()) {
      EXPECT_EQ(version, 1u);
      EXPECT_TRUE(told.insert(chunk).second) << "copied twice: " << chunk.value;
    }
  }
  EXPECT_EQ(told, std::set<ChunkId>(lost_.begin(), lost_.end()));
  EXPECT_EQ(held(), told);
  expect_equal_replicas();
}

TEST_F(ReconcilerTest, tells_of_one_chunk_whether_it_is_here) {
  Reconciler of_first(first_.store(), first_.transactions(), copier_, clock_, 1);
  const auto held = of_first.report(lost_[0]), gone = reconciler_.report(lost_[0]);
  EXPECT_EQ(held.chunk, lost_[0]);
  EXPECT_EQ(held.version, 1u);
  EXPECT_EQ(held.rows, 1);
  EXPECT_EQ(gone.chunk, lost_[0]);
  EXPECT_EQ(gone.version, 0u);
  EXPECT_FALSE(gone.damaged);
}

TEST_F(ReconcilerTest, nothing_waits_behind_copies) {
  for (const auto chunk : lost_) reconciler_.take(copy_of(chunk));
  gate_.wait_for_call();  // the only thread for copies is busy
  run(second_,
      "db2 = database('dfs://other', VALUE, 1 2)\n"
      "createPartitionedTable(db2, table(1:0, [`id], [INT]), `pt, `id).append!(table(1 2 as id))");
  const auto unwanted = held();
  ASSERT_EQ(unwanted.size(), 2u);
  for (const auto chunk : unwanted) reconciler_.take({.kind = meta::Order::Kind::kDrop, .chunk = chunk});
  for (int i = 0; i < 3000 && !held().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(held().empty());
  gate_.open();
}

TEST_F(ReconcilerTest, a_copy_that_is_wanted_no_more_when_its_turn_comes_is_left_out) {
  for (const auto chunk : lost_) reconciler_.take(copy_of(chunk));
  gate_.wait_for_call();
  clock_.advance(Reconciler::kOrderKept);
  reconciler_.take(copy_of(lost_.back()));  // repeated: still wanted
  gate_.open();
  for (int i = 0; i < 3000 && held().size() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  reconciler_.stop();
  EXPECT_EQ(held(), std::set<ChunkId>({lost_.front(), lost_.back()}));
}

TEST_F(ReconcilerTest, a_copy_that_waits_for_a_transfer_to_end_waits_no_longer_when_the_node_stops) {
  const auto copied = [this](size_t chunk) {
    return std::async(std::launch::async, [this, chunk] { return copier_.recover(lost_[chunk], {"dn1"}); });
  };
  auto first = copied(0);
  gate_.wait_for_call();  // the only transfer is taken
  auto second = copied(1);
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  copier_.stop();
  ASSERT_EQ(second.wait_for(std::chrono::minutes(1)), std::future_status::ready);
  EXPECT_EQ(second.get().error().code, ErrorCode::kUnavailable);
  gate_.open();
  EXPECT_TRUE(first.get().ok());
}

TEST_F(ReconcilerTest, stopping_gives_up_a_copy_whose_source_does_not_answer) {
  SilentCaller silent;
  ReplicaCopier copier(
      second_.store(), silent, catalogue_, "dn2", [this] { return catalogue_.epoch("dn2"); }, 1);
  Reconciler reconciler(second_.store(), second_.transactions(), copier, clock_, 1);
  reconciler.take(copy_of(lost_[0]));
  ASSERT_TRUE(silent.called.acquire());
  reconciler.stop();
  EXPECT_FALSE(silent.gave_up);
}

TEST_F(ReconcilerTest, more_copies_than_transfers_are_all_made) {
  Reconciler four(second_.store(), second_.transactions(), copier_, clock_, 4);  // chunks come one at a time
  for (const auto chunk : lost_) four.take(copy_of(chunk));
  gate_.open();
  for (int i = 0; i < 3000 && held().size() < lost_.size(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  four.stop();  // waits for those under way
  EXPECT_EQ(held(), std::set<ChunkId>(lost_.begin(), lost_.end()));
  expect_equal_replicas();
}

}  // namespace
}  // namespace pelorus::datanode
