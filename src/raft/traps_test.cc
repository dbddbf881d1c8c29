// The known traps of the engine (docs/internals/raft.md), each with the test that fails without its guard. Those with
// damaged files are in damage_test.cc, the version and figure 8 in figure_eight_test.cc.

#include <uv.h>

#include <cstdlib>

#include "raft/internal/fake_peer.h"

namespace pelorus::raft {
namespace {

/// Occupies all threads of libuv's pool, so that no file is written, until destroyed.
class BusyPool {
 public:
  BusyPool() {
    uv_loop_init(&loop_);
    for (auto& work : works_) {
      work.data = this;
      uv_queue_work(
          &loop_, &work,
          [](uv_work_t* each) {
            auto* self = static_cast<BusyPool*>(each->data);
            ++self->busy_;
            while (!self->ends_) std::this_thread::sleep_for(1ms);
          },
          [](uv_work_t*, int) {});
    }
    CHECK(eventually([this] { return busy_ == 4; }));
  }
  ~BusyPool() {
    ends_ = true;
    uv_run(&loop_, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop_) == 0);
  }

 private:
  uv_loop_t loop_;
  uv_work_t works_[4];
  std::atomic<int> busy_{0};
  std::atomic<bool> ends_{false};
};

TEST(Traps, install_snapshot_during_own_snapshot_is_dropped_and_taken_later) {
  TestCluster cluster("trap2", [](LibraftOptions& options) {
    options.snapshot_after_entries = 3;
    options.election_timeout = 5000ms;  // the fake leader sends no heartbeats
  });
  const Uuid node = Uuid::random();
  const std::vector<Member> members{cluster.make("a").member, Member{member_id_of(node.to_string()), "b"},
                                    Member{12345, "c"}};
  cluster.create("a");
  auto& a = cluster["a"];
  ASSERT_TRUE(a.log->bootstrap(members).ok());
  ASSERT_TRUE(cluster.run("a").ok());
  FakePeer leader(a.listener->port());
  ASSERT_TRUE(leader.join(Preamble{.group = "test",
                                   .cluster = cluster.uuid(),
                                   .node = node,
                                   .id = members[1].id,
                                   .alias = "b",
                                   .target = a.member.id,
                                   .instance = Uuid::random(),
                                   .nonce = Uuid::random()},
                          "key of the test"));
  const auto group = group_uuid(cluster.uuid(), "test");
  LogPlace place;
  std::vector<Bytes> entries;
  for (int i = 0; i < 4; ++i) {
    EntryEncoder entry(group, place, members[1].id);
    entry.add("x");
    entries.push_back(entry.finish(place));
  }
  a.machine->hold = true;  // in apply(): the entries are on disk
  leader.append(5, 1, 1, 5, entries);
  leader.append(5, 5, 5, 5, {});
  ASSERT_TRUE(eventually([&] { return a.machine->is_held.load(); }));
  Bytes commands;  // an empty state of the test's machine
  ByteWriter(commands).put<uint64_t>(0);
  const auto snapshot = encode_snapshot(group, LogPlace{90, 77}, commands);
  {
    const BusyPool busy;
    a.machine->release();
    ASSERT_TRUE(eventually([&] { return a.machine->snapshots == 1; }));  // its own snapshot waits for the pool
    leader.install(5, 100, 5, members, snapshot);
    leader.append(5, 5, 5, 5, {});
    std::this_thread::sleep_for(100ms);  // let it arrive while the pool is busy
  }
  ASSERT_TRUE(eventually([&] {
    leader.install(5, 100, 5, members, snapshot);
    std::this_thread::sleep_for(50ms);
    return a.machine->restores > 0;
  }));
  EXPECT_TRUE(eventually([&] { return a.log->status().command_count == 90; }));
  EXPECT_EQ(a.log->status().failure, "");
}

TEST(Traps, segment_sizes_that_overflow_the_engine_are_refused) {
  Remembering machine;
  TestBook book;
  TestCluster cluster("trap4");
  auto options = cluster.options(cluster.make("a"));
  for (const size_t size : {size_t{32} << 20, size_t{64} << 20, size_t{4096}, (size_t{8} << 20) + 1}) {
    options.segment_bytes = size;
    const auto made = make_libraft_log(options, machine, book);
    ASSERT_FALSE(made.ok()) << size;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
  }
}

TEST(Traps, smallest_and_largest_segments_take_writes_beyond_one_segment) {
  for (const size_t size : {size_t{1} << 20, size_t{16} << 20}) {
    TestCluster cluster("trap4", [&](LibraftOptions& options) { options.segment_bytes = size; });
    cluster.found({"a"});
    auto& log = *cluster[cluster.leader()].log;
    for (int i = 0; i < 20; ++i) {
      const auto answer = log.propose_and_wait(Bytes(1 << 20, 'x'), 5s);
      ASSERT_TRUE(answer.ok()) << answer.error().describe();
    }
  }
}

// The machine keeps all it was told: after 1, 2, 4 and 8 MB of log the next snapshot writes as much as the log grew by.
TEST(Traps, snapshot_is_taken_by_bytes) {
  TestCluster cluster("trap8", [](LibraftOptions& options) { options.snapshot_after_bytes = 1 << 20; });
  cluster.found({"a"});
  auto& node = cluster[cluster.leader()];
  for (int i = 0; i < 90; ++i) ASSERT_TRUE(node.log->propose_and_wait(Bytes(100 << 10, 'x'), 5s).ok());
  EXPECT_TRUE(eventually([&] { return node.machine->snapshots >= 3; }));
  EXPECT_LE(node.machine->snapshots, 4);
}

TEST(Traps, tracer_stays_off_whatever_the_environment_says) {
  ::setenv("LIBRAFT_TRACE", "1", 1);
  testing::internal::CaptureStderr();
  {
    TestCluster cluster("trap9");
    cluster.found({"a"});
    EXPECT_TRUE(cluster.propose("x").ok());
  }
  ::unsetenv("LIBRAFT_TRACE");
  EXPECT_EQ(testing::internal::GetCapturedStderr().find("LIBRAFT"), std::string::npos);
}

TEST(Traps, foreign_entry_stops_the_group_with_a_clear_error) {
  std::atomic<int> failures{0};
  TestCluster cluster("trap6", [&](LibraftOptions& options) {
    options.election_timeout = 5000ms;
    options.failed = [&](const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kCorrupt);
      ++failures;
    };
  });
  const Uuid node = Uuid::random();
  const std::vector<Member> members{cluster.make("a").member, Member{member_id_of(node.to_string()), "b"},
                                    Member{12345, "c"}};
  cluster.create("a");
  auto& a = cluster["a"];
  ASSERT_TRUE(a.log->bootstrap(members).ok());
  ASSERT_TRUE(cluster.run("a").ok());
  FakePeer leader(a.listener->port());
  ASSERT_TRUE(leader.join(Preamble{.group = "test",
                                   .cluster = cluster.uuid(),
                                   .node = node,
                                   .id = members[1].id,
                                   .alias = "b",
                                   .target = a.member.id,
                                   .instance = Uuid::random(),
                                   .nonce = Uuid::random()},
                          "key of the test"));
  LogPlace place{7, 7};  // claims seven commands before it
  EntryEncoder entry(group_uuid(cluster.uuid(), "test"), place, members[1].id);
  entry.add("x");
  leader.append(5, 1, 1, 2, {entry.finish(place)});
  leader.append(5, 2, 5, 2, {});
  EXPECT_TRUE(eventually([&] { return a.log->status().role == LogRole::kStopped; }));
  EXPECT_EQ(failures, 1);
  EXPECT_NE(a.log->status().failure.find("log has a gap"), std::string::npos) << a.log->status().failure;
  EXPECT_EQ(a.log->propose_and_wait("x", 5s).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(a.machine->commands().empty());
}

TEST(Traps, append_of_a_second_leader_in_the_same_term_is_dropped) {
  TestCluster cluster("two_leaders");
  cluster.found({"a"});  // an only voter leads without a new term
  auto& a = cluster[cluster.leader()];
  FakePeer second(a.listener->port());
  ASSERT_TRUE(second.join(Preamble{.group = "test",
                                   .cluster = cluster.uuid(),
                                   .node = Uuid::random(),
                                   .id = 4711,
                                   .alias = "b",
                                   .target = a.member.id,
                                   .instance = Uuid::random(),
                                   .nonce = Uuid::random()},
                          "key of the test"));
  second.append(a.log->status().term, 1, 1, 1, {Bytes(64, 'x')});
  second.append(a.log->status().term, 1, 1, 1, {});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(a.log->propose_and_wait("x", 5s).ok());
  EXPECT_EQ(a.log->status().leader, "a");
}

}  // namespace
}  // namespace pelorus::raft
