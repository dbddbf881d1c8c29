// What a damaged disk does: the table of docs/internals/raft.md. One member's directory is altered while it is down.

#include <algorithm>
#include <fstream>

#include "raft/internal/test_cluster.h"

namespace pelorus::raft {
namespace {

namespace fs = std::filesystem;

class Damage : public testing::Test {
 protected:
  void SetUp() override {
    cluster_ = std::make_unique<TestCluster>("damage", [this](LibraftOptions& options) {
      options.snapshot_after_entries = snapshot_after_entries_;
      options.snapshot_trailing = 4;
    });
  }
  /// Three members; `victim_` has closed log segments of two lives and is stopped.
  void two_lives() {
    cluster_->found({"a", "b", "c"});
    propose(10);
    victim_ = cluster_->followers().front();
    ASSERT_TRUE(cluster_->agree(10));
    cluster_->stop(victim_);
    ASSERT_TRUE(cluster_->start(victim_).ok());
    propose(10);
    ASSERT_TRUE(cluster_->agree(20));
  }
  void propose(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(cluster_->propose("command").ok());
  }
  fs::path engine() { return fs::path((*cluster_)[victim_].directory) / "raft"; }
  /// Files of the engine whose names satisfy, sorted: closed segments sort by their first entry.
  std::vector<fs::path> files(const std::function<bool(const std::string&)>& wanted) {
    std::vector<fs::path> found;
    for (const auto& file : fs::directory_iterator(engine())) {
      if (wanted(file.path().filename().string())) found.push_back(file.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  std::vector<fs::path> closed_segments() {
    return files([](const std::string& name) { return name.size() == 33 && name[16] == '-'; });
  }
  std::vector<fs::path> open_segments() {
    return files([](const std::string& name) { return name.starts_with("open-"); });
  }
  std::vector<fs::path> snapshots(const std::string& end) {
    return files([&](const std::string& name) {
      return name.starts_with("snapshot-") && (name.ends_with(".meta") == (end == ".meta"));
    });
  }
  static void flip(const fs::path& path, int64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(byte);
  }
  /// The sector that holds the last byte written, and the one before, are zeros again.
  static void tear_end(const fs::path& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const auto last = bytes.find_last_not_of('\0');
    ASSERT_NE(last, std::string::npos);
    const auto from = last / 512 * 512 - 512;
    file.clear();
    file.seekp(static_cast<std::streamoff>(from));
    file << std::string(last - from + 1, '\0');
  }
  void expect_refused(ErrorCode code, const std::string& part) {
    const auto started = cluster_->start(victim_);
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().code, code) << started.error().message;
    EXPECT_NE(started.error().message.find(part), std::string::npos) << started.error().message;
  }
  /// The directory as it is while the member runs: what a crash leaves.
  void crash_victim() {
    const fs::path live = (*cluster_)[victim_].directory;
    const fs::path image = live.string() + ".image";
    fs::copy(live, image, fs::copy_options::recursive);
    cluster_->stop(victim_);
    fs::remove_all(live);
    fs::rename(image, live);
  }

  unsigned snapshot_after_entries_ = 100000;
  std::unique_ptr<TestCluster> cluster_;
  std::string victim_;
};

TEST_F(Damage, bit_flip_in_closed_segment_is_refused_and_nothing_renamed) {
  two_lives();
  cluster_->stop(victim_);
  const auto segments = closed_segments();
  ASSERT_GE(segments.size(), 2u);
  flip(segments[1], 200);
  expect_refused(ErrorCode::kCorrupt, segments[1].filename().string());
  EXPECT_EQ(closed_segments(), segments);  // automatic recovery would have renamed it
}

TEST_F(Damage, cut_closed_segment_is_refused) {
  two_lives();
  cluster_->stop(victim_);
  const auto segments = closed_segments();
  fs::resize_file(segments[1], fs::file_size(segments[1]) - 64);
  expect_refused(ErrorCode::kCorrupt, segments[1].filename().string());
}

TEST_F(Damage, deleted_newest_closed_segment_is_refused) {
  two_lives();
  cluster_->stop(victim_);
  fs::remove(closed_segments().back());
  expect_refused(ErrorCode::kCorrupt, "log lost its end");
}

TEST_F(Damage, deleted_closed_segment_before_an_open_one_is_refused) {
  two_lives();
  crash_victim();
  ASSERT_FALSE(open_segments().empty());
  fs::remove(closed_segments().back());
  // "log has a gap", or "log lost its end" where nothing was in the open segment yet.
  expect_refused(ErrorCode::kCorrupt, "log ");
}

TEST_F(Damage, cut_open_segment_is_refused) {
  two_lives();
  crash_victim();
  fs::resize_file(open_segments().front(), fs::file_size(open_segments().front()) - 100);
  expect_refused(ErrorCode::kCorrupt, open_segments().front().filename().string());
}

/// The engine closes a segment by cutting it behind its last batch and renaming it. A death in between is no damage.
TEST_F(Damage, segment_cut_to_be_closed_is_taken_up_again) {
  two_lives();
  cluster_->stop(victim_);
  const auto newest = closed_segments().back();
  ASSERT_NE(fs::file_size(newest) % 4096, 0u);
  fs::rename(newest, engine() / "open-1");
  ASSERT_TRUE(cluster_->start(victim_).ok());
  propose(1);
  EXPECT_TRUE(cluster_->agree(21));
  EXPECT_EQ(fs::exists(newest), true);  // closed at last
}

TEST_F(Damage, segment_cut_to_be_closed_and_cut_again_is_refused) {
  two_lives();
  cluster_->stop(victim_);
  const auto newest = closed_segments().back();
  fs::rename(newest, engine() / "open-1");
  fs::resize_file(engine() / "open-1", fs::file_size(engine() / "open-1") - 8);
  expect_refused(ErrorCode::kCorrupt, "open-1");
}

TEST_F(Damage, flipped_bit_in_an_open_segment_is_refused) {
  two_lives();
  propose(1);  // a batch of its own: a broken head is told from the end of the log by what comes behind it
  ASSERT_TRUE(cluster_->agree(21));
  crash_victim();
  for (const int64_t at : {200, 36, 9}) {  // an entry, its size, the checksum of both
    flip(open_segments().front(), at);
    ASSERT_NO_FATAL_FAILURE(expect_refused(ErrorCode::kCorrupt, open_segments().front().filename().string()));
    flip(open_segments().front(), at);  // back
  }
  ASSERT_TRUE(cluster_->start(victim_).ok()) << "as it was";
  propose(1);
  EXPECT_TRUE(cluster_->agree(22));
}

/// What a power cut leaves of a write: some of its sectors are zeros. The engine cuts it off; the leader sends it
/// again.
TEST_F(Damage, torn_write_at_the_end_of_an_open_segment_is_no_damage) {
  two_lives();
  ASSERT_TRUE(cluster_->propose(std::string(3000, 'x')).ok());
  ASSERT_TRUE(cluster_->agree(21));
  crash_victim();
  tear_end(open_segments().front());
  ASSERT_TRUE(cluster_->start(victim_).ok());
  const auto others = cluster_->followers();
  const auto healthy = others[0] == victim_ ? others[1] : others[0];
  ASSERT_TRUE((*cluster_)[cluster_->leader()].log->transfer_leadership_and_wait(healthy, 5s).ok());
  propose(1);
  EXPECT_TRUE(cluster_->agree(22));
}

TEST_F(Damage, flipped_snapshot_is_refused) {
  snapshot_after_entries_ = 5;
  two_lives();
  ASSERT_TRUE(eventually([&] { return !snapshots("").empty(); }));
  cluster_->stop(victim_);
  const auto data = snapshots("").back();
  flip(data, static_cast<int64_t>(fs::file_size(data)) / 2);
  expect_refused(ErrorCode::kCorrupt, "");
}

TEST_F(Damage, flipped_snapshot_metadata_is_refused) {
  snapshot_after_entries_ = 5;
  two_lives();
  ASSERT_TRUE(eventually([&] { return !snapshots(".meta").empty(); }));
  cluster_->stop(victim_);
  for (const auto& each : snapshots(".meta")) flip(each, 20);
  EXPECT_FALSE(cluster_->start(victim_).ok());
}

TEST_F(Damage, one_cut_metadata_file_starts_in_a_later_term) {
  two_lives();
  cluster_->stop(victim_);
  const auto leader = cluster_->leader();
  const auto term = (*cluster_)[leader].log->status().term;
  fs::resize_file(engine() / "metadata1", 7);
  ASSERT_TRUE(cluster_->start(victim_).ok());
  // The vote it may have given in the lost file's term cannot be given again: the group moves on to a later term.
  ASSERT_TRUE(eventually([&] {
    const auto leads = cluster_->leader();
    return !leads.empty() && (*cluster_)[leads].machine->led_term > term;
  }));
  propose(1);
  EXPECT_TRUE(cluster_->agree(21));
}

TEST_F(Damage, both_metadata_files_cut_is_refused) {
  two_lives();
  cluster_->stop(victim_);
  fs::resize_file(engine() / "metadata1", 7);
  fs::resize_file(engine() / "metadata2", 7);
  expect_refused(ErrorCode::kCorrupt, "both metadata files");
}

TEST_F(Damage, wiped_voter_is_refused) {
  two_lives();
  cluster_->stop(victim_);
  fs::remove_all(engine());
  expect_refused(ErrorCode::kCorrupt, "wiped");
}

TEST_F(Damage, directory_of_another_member_is_refused) {
  two_lives();
  cluster_->stop(victim_);
  const auto leader = cluster_->leader();
  const fs::path directory = (*cluster_)[victim_].directory;
  fs::remove_all(directory);
  fs::copy((*cluster_)[leader].directory, directory, fs::copy_options::recursive);
  expect_refused(ErrorCode::kDenied, "another node");
  fs::remove(directory / "identity");
  expect_refused(ErrorCode::kDenied, "without identity file");
}

TEST_F(Damage, damaged_identity_file_is_refused) {
  two_lives();
  cluster_->stop(victim_);
  flip(fs::path((*cluster_)[victim_].directory) / "identity", 40);
  expect_refused(ErrorCode::kCorrupt, "identity");
}

}  // namespace
}  // namespace pelorus::raft
