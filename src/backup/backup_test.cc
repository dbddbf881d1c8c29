// Backups and restores by their functions, on two nodes with two replicas of every chunk.

#include "backup/backup_fixture.h"
#include "functions/path_pattern.h"

namespace pelorus::backup {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class BackupTest : public TwoNodesAndADisk {};

TEST_F(BackupTest, only_changed_partitions_are_saved_again) {
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "3");
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "0");
  run("pt.append!(table(2 as id, `z as sym, 50 as qty))");
  EXPECT_EQ(run("backup(backupDir='/b', dbPath='dfs://db')"), "1");
  EXPECT_EQ(run("backup('/b', db, true)"), "3") << "force reads everything";
  EXPECT_EQ(run("exec rows from getBackupList('/b', 'dfs://db', `pt)"), "[2l, 2l, 1l]");
  EXPECT_EQ(run("exec chunkPath from getBackupList('/b', 'dfs://db', `pt)"),
            R"(["dfs://db/1", "dfs://db/2", "dfs://db/3"])");
  EXPECT_EQ(disk_.files().size(), 4u) << "a manifest and one file for each partition";
}

TEST_F(BackupTest, another_node_continues_the_backup) {
  EXPECT_EQ(run("backupTable('/b', 'dfs://db', `pt)"), "3");
  run("pt.append!(table(2 as id, `z as sym, 50 as qty))");
  EXPECT_EQ(run(second_, "backupDB('/b', 'dfs://db')"), "1");
}

TEST_F(BackupTest, rows_come_back_as_they_were_on_both_replicas) {
  const auto before = rows();
  run("backup('/b', 'dfs://db')");
  run("update pt set qty = 0 where id = 1\ndelete from pt where id = 2\ndropPartition(db, '/3', `pt)");
  EXPECT_NE(rows(), before);
  EXPECT_EQ(run("restore('/b', 'dfs://db', `pt, '%')"), R"(["dfs://db/1", "dfs://db/2", "dfs://db/3"])");
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "3") << "restored partitions are new versions";
  EXPECT_EQ(run("restore('/b', 'dfs://db', `pt, '%')"), "array(STRING, 0)") << "they are what is saved";
  EXPECT_EQ(run("restore('/b', 'dfs://db', `pt, '%', true)"), R"(["dfs://db/1", "dfs://db/2", "dfs://db/3"])");
  EXPECT_EQ(rows(), before);
  expect_equal_replicas();
}

TEST_F(BackupTest, partitions_are_chosen_by_path_and_value) {
  EXPECT_EQ(run("backup('/b', 'dfs://db', false, false, true, `pt, '/1')"), "1");
  EXPECT_EQ(run("backup('/b', 'dfs://db', partition=2 3)"), "2");
  const auto before = rows();
  run("update pt set qty = 0");
  EXPECT_EQ(run("restore('/b', 'dfs://db', `pt, '/db/2')"), R"(["dfs://db/2"])");
  EXPECT_EQ(run("exec qty from pt order by id, qty"), "[0, 0, 30, 0]");
  EXPECT_EQ(run("restore('/b', 'dfs://db', `pt, `1`3)"), R"(["dfs://db/1", "dfs://db/3"])");
  EXPECT_EQ(rows(), before);
}

TEST_F(BackupTest, dropped_partitions_leave_the_backup_unless_told_to_stay) {
  run("backup('/b', 'dfs://db')");
  run("dropPartition(db, '/3', `pt)");
  EXPECT_EQ(run("backup('/b', 'dfs://db', snapshot=false)"), "0");
  EXPECT_EQ(run("exec count(*) from getBackupList('/b', 'dfs://db', `pt)"), "3");
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "0");
  EXPECT_EQ(run("exec count(*) from getBackupList('/b', 'dfs://db', `pt)"), "2");
  run("pt.append!(table(3 as id, `n as sym, 1 as qty))");
  run("restore('/b', 'dfs://db', `pt, '%', snapshot=true)");
  EXPECT_EQ(run("exec distinct(id) from pt"), "[1, 2]") << "what the backup has not is dropped";
}

TEST_F(BackupTest, a_damaged_file_is_named_and_its_partition_left_alone) {
  run("backup('/b', 'dfs://db')");
  const auto file = file_of(2);
  EXPECT_EQ(run("exec count(*) from checkBackup('/b', 'dfs://db', `pt)"), "0");
  run("update pt set qty = qty + 1");
  const auto bytes = static_cast<uint64_t>(io::read_file(disk_, file, 1 << 20)->size());
  for (const auto bit : {uint64_t{3}, bytes * 4, bytes * 8 - 1}) {
    ASSERT_TRUE(disk_.flip_bit(file, bit).ok());
    EXPECT_EQ(run("exec chunkPath from checkBackup('/b', 'dfs://db')"), "[\"" + file + "\"]") << bit;
    const auto refused = run("restore('/b', 'dfs://db', `pt, '%', true)");
    EXPECT_TRUE(contains(refused, "/2: " + file)) << refused;
    EXPECT_TRUE(contains(refused, "Restored: 2")) << refused;
    EXPECT_EQ(run("exec qty from pt order by id, qty"), "[10, 20, 31, 40]") << "the others are restored";
    ASSERT_TRUE(disk_.flip_bit(file, bit).ok());
  }
  EXPECT_EQ(run("exec count(*) from checkBackup('/b', 'dfs://db')"), "0");
  ASSERT_TRUE(disk_.remove(file).ok());
  EXPECT_EQ(run("exec partitionPath from checkBackup('/b', 'dfs://db', `pt, '/2')"), R"(["dfs://db/2"])");
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "3") << "what is missing, and the two restored ones, are saved again";
  EXPECT_EQ(run("exec count(*) from checkBackup('/b', 'dfs://db')"), "0");
}

TEST_F(BackupTest, a_damaged_manifest_is_named) {
  run("backup('/b', 'dfs://db')");
  ASSERT_TRUE(disk_.flip_bit("/b/db/pt/manifest", 500).ok());
  for (const auto* call : {"backup('/b', 'dfs://db')", "restore('/b', 'dfs://db', `pt, '%')", "migrate('/b')"}) {
    const auto answer = run(call);
    EXPECT_TRUE(contains(answer, "/b/db/pt/manifest")) << answer;
  }
  EXPECT_EQ(run("backup('/b', 'dfs://db', true)"), "3");
  EXPECT_EQ(run("exec count(*) from checkBackup('/b', 'dfs://db')"), "0");
}

TEST_F(BackupTest, a_file_of_another_version_under_the_name_is_found_out) {
  run("backup('/b', 'dfs://db')");
  const auto old = io::read_file(disk_, file_of(1), 1 << 20).value();
  run("pt.append!(table(1 as id, `z as sym, 50 as qty))\nbackup('/b', 'dfs://db')");
  ASSERT_TRUE(io::replace_file(disk_, file_of(1), old).ok());
  EXPECT_EQ(run("exec partitionPath from checkBackup('/b', 'dfs://db')"), R"(["dfs://db/1"])");
}

TEST_F(BackupTest, columns_changed_since_then_are_found_again) {
  run("backup('/b', 'dfs://db')");
  run("rename!(pt, `qty, `amount)\naddColumn(pt, `px, DOUBLE)\ndropColumns!(pt, `sym)\nreplaceColumn!(pt, `amount, "
      "array(LONG, 0))");
  run("pt.append!(table(1 as id, 7l as amount, 1.5 as px))");
  run("restore('/b', 'dfs://db', `pt, '%')");
  EXPECT_EQ(rows("dfs://db", "pt\"").substr(0, 5), "error");
  EXPECT_EQ(run("select * from pt where id = 1"),
            "table([1, 1] as \"id\", [10l, 20l] as \"amount\", [00F, 00F] as \"px\")");
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "3");
  EXPECT_EQ(run("exec name from getBackupMeta('/b', 'dfs://db', '/1', `pt).schema"), R"(["id", "amount", "px"])");
}

TEST_F(BackupTest, tables_are_brought_into_new_databases) {
  run("dt = createDimensionTable(db, table(1 2 as k, `x`y as name), `dim)\n"
      "dt.append!(table(1 2 as k, `x`y as name))");
  EXPECT_EQ(run("backupDB('/b', 'dfs://db')"), "4");
  EXPECT_EQ(run("migrate('/b', 'dfs://db', , 'dfs://copy')"),
            "table([\"dfs://copy\", \"dfs://copy\"] as \"dbName\", [\"dim\", \"pt\"] as \"tableName\", [true, true] as "
            "\"success\", [\"\", \"\"] as \"errorMsg\")");
  EXPECT_EQ(rows("dfs://copy"), rows());
  EXPECT_EQ(run("exec name from loadTable('dfs://copy', `dim)"), R"(["x", "y"])");
  const auto before = rows();
  run("dropDatabase('dfs://db')");
  EXPECT_EQ(run("restoreDB('/b', 'dfs://db')"),
            "table([\"dfs://db\", \"dfs://db\"] as \"dbName\", [\"dim\", \"pt\"] as \"tableName\")");
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(run("restoreTable('/b', 'dfs://db', `pt, 'dfs://copy', `again)"),
            "table([\"dfs://copy\"] as \"dbName\", [\"again\"] as \"tableName\")");
  EXPECT_EQ(rows("dfs://copy", "again"), before);
  expect_equal_replicas();
}

TEST_F(BackupTest, tables_that_do_not_fit_are_refused_whole) {
  run("backup('/b', 'dfs://db')");
  run("db2 = database('dfs://ranges', RANGE, 0 2 100)\n"
      "createPartitionedTable(db2, t, `pt, `id)\n"
      "db3 = database('dfs://values', VALUE, 1 2 3)\n"
      "createPartitionedTable(db3, table([1] as id, symbol([`a]) as sym, [1.5] as qty), `pt, `id)");
  auto answer = run("exec errorMsg from migrate('/b', 'dfs://db', `pt, 'dfs://ranges')");
  EXPECT_TRUE(contains(answer, "its scheme is not that of the backup")) << answer;
  answer = run("exec errorMsg from migrate('/b', 'dfs://db', `pt, 'dfs://values')");
  EXPECT_TRUE(contains(answer, "the column [qty] is INT in the backup and DOUBLE in dfs://values/pt")) << answer;
  answer = run("exec errorMsg from migrate('/b', 'dfs://db', `pt, 'dfs://ranges', `made)");
  EXPECT_TRUE(contains(answer, "exists with another partition scheme")) << answer;
  EXPECT_EQ(run("exec count(*) from loadTable('dfs://ranges', `pt)"), "0");
  EXPECT_EQ(run("exec count(*) from loadTable('dfs://values', `pt)"), "0");
  EXPECT_TRUE(contains(run("restore('/b', 'dfs://nothing', `pt, '%')"), "there is no backup of dfs://nothing"));
}

TEST_F(BackupTest, a_table_made_anew_does_not_silently_take_the_place_of_its_backup) {
  run("backup('/b', 'dfs://db')");
  const auto before = rows();
  run("dropTable(db, `pt)\npt = createPartitionedTable(db, t, `pt, `id)");
  const auto answer = run("backup('/b', 'dfs://db', snapshot=false)");
  EXPECT_TRUE(contains(answer, "an earlier table of this name")) << answer;
  EXPECT_EQ(run("size(restore('/b', 'dfs://db', `pt, '%'))"), "3");
  EXPECT_EQ(rows(), before);
}

TEST_F(BackupTest, a_select_is_saved_and_loaded) {
  run("least = 20");
  EXPECT_EQ(run("backup('/s', <select * from pt where qty >= least>)"), "3");
  EXPECT_EQ(run("exec rows from getBackupList('/s', 'dfs://db', `pt)"), "[1l, 1l, 1l]");
  EXPECT_EQ(run("loadBackup('/s', 'dfs://db', '/1', `pt)"),
            "table([1] as \"id\", symbol([\"b\"$SYMBOL]) as \"sym\", [20] as \"qty\")");
  EXPECT_EQ(run("backup(backupDir='/s', sqlObj=<select * from pt where qty >= least>)"), "0");
  run("pt.append!(table(2 as id, `z as sym, 50 as qty))");
  EXPECT_EQ(run("backup('/s', <select * from pt where qty >= least>)"), "1");
  EXPECT_TRUE(contains(run("backup('/s', 'dfs://db')"), "S01022"));
  run("backup('/b', 'dfs://db')");
  EXPECT_TRUE(contains(run("backup('/b', <select * from pt>)"), "S01022"));
  EXPECT_TRUE(contains(run("loadBackup('/b', 'dfs://db', '/1', `pt)"), "only backups made by select"));
  EXPECT_TRUE(contains(run("backup('/s', <select id from pt>)"), "must select all columns"));
  EXPECT_TRUE(contains(run("backup('/s', <select sum(qty) from pt group by id>)"), "must select rows of one stored"));
  EXPECT_TRUE(contains(run("backup('/s', <select * from t>)"), "must select from a stored table"));
}

TEST_F(BackupTest, a_version_replaced_while_it_is_read_is_not_mixed_with_the_others) {
  // As the first partition's file is begun, all three are rewritten so often that nobody keeps the version any more.
  faults_.before(io::Operation::kWrite, ".part", [&] {
    EXPECT_EQ(
        run(second_, "pt = loadTable('dfs://db', `pt)\nfor (i in 1..9) { update pt set qty = i }\n exec qty from pt"),
        "[9, 9, 9, 9]");
  });
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "3");
  run("restore('/b', 'dfs://db', `pt, '%', true)");
  EXPECT_EQ(run("exec qty from pt"), "[9, 9, 9, 9]") << "not some of before and some of after";
}

TEST_F(BackupTest, rows_appended_meanwhile_are_left_to_the_next_backup) {
  faults_.before(io::Operation::kWrite, ".part", [&] {
    EXPECT_EQ(run(second_,
                  "pt = loadTable('dfs://db', `pt)\n"
                  "pt.append!(table(1 2 3 as id, `n`n`n as sym, 1 1 1 as qty))\nexec count(*) from pt"),
              "7");
  });
  const auto before = rows();
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "3");
  EXPECT_NE(rows(), before);
  run("restore('/b', 'dfs://db', `pt, '%', true)");
  EXPECT_EQ(rows(), before);
}

TEST_F(BackupTest, whatever_moment_it_is_cut_short_the_old_backup_is_whole_and_the_next_call_ends_it) {
  run("backup('/b', 'dfs://db')");
  const auto old_rows = rows();
  const auto old_disk = disk_.copy();
  run("pt.append!(table(1 2 3 as id, `n`n`n as sym, 1 1 1 as qty))");
  const auto new_rows = rows();
  bool ended = false;
  uint64_t fewest_steps = UINT64_MAX;  // of calls that had still to write the manifest
  uint64_t all_steps = 0;
  const auto saved_whole = [](const SavedTable& table) { return table.partitions[0].version == 2; };
  for (uint64_t step = 1; !ended; ++step) {
    for (const auto style : {io::CrashStyle::kDropUnsynced, io::CrashStyle::kKeepAll, io::CrashStyle::kRandom}) {
      SCOPED_TRACE("step " + std::to_string(step));
      const auto disk = old_disk->copy();
      io::FaultyFileSystem faults(*disk);
      faults.crash_at(step);
      const BackupServices services{faults, first_.distribution(), first_.writer(), clock_, jobs_};
      const SaveOptions options{.directory = "/b", .database = "dfs://db", .table = "pt"};
      const auto cut = save_table(services, options, *jobs_.begin("admin", "test", "dfs://db", "pt"));
      ended = !faults.crashed();
      all_steps = faults.steps();
      disk->crash(style, step);
      const auto saved = load_saved_table(*disk, "/b", "dfs://db", "pt");
      ASSERT_TRUE(saved.ok()) << saved.error().message;
      for (const auto& partition : saved->partitions) {
        const auto problem = check_saved_partition(*disk, "/b/db/pt", *saved, partition);
        EXPECT_FALSE(problem.has_value()) << problem->message;
      }
      io::FaultyFileSystem again_faults(*disk);
      const BackupServices again{again_faults, first_.distribution(), first_.writer(), clock_, jobs_};
      const auto job = jobs_.begin("admin", "test", "dfs://db", "pt");
      const auto done = save_table(again, options, *job);
      ASSERT_TRUE(done.ok()) << done.error().message;
      const auto whole = load_saved_table(*disk, "/b", "dfs://db", "pt");
      ASSERT_TRUE(whole.ok());
      ASSERT_EQ(whole->partitions.size(), 3u);
      for (const auto& partition : whole->partitions) {
        EXPECT_FALSE(check_saved_partition(*disk, "/b/db/pt", *whole, partition).has_value());
        EXPECT_EQ(partition.version, 2u);
      }
      EXPECT_EQ(disk->files().size(), 4u) << "nothing is left over";
      if (!saved_whole(*saved)) fewest_steps = std::min(fewest_steps, again_faults.steps());
    }
  }
  EXPECT_LT(fewest_steps, all_steps / 2) << "whole files of the cut-short call are taken up";
}

TEST_F(BackupTest, a_full_disk_is_told_and_nothing_is_lost) {
  run("backup('/b', 'dfs://db')");
  run("pt.append!(table(1 2 3 as id, `n`n`n as sym, 1 1 1 as qty))");
  faults_.set_full(true);
  EXPECT_TRUE(contains(run("backup('/b', 'dfs://db')"), "error"));
  faults_.set_full(false);
  EXPECT_EQ(run("exec count(*) from checkBackup('/b', 'dfs://db')"), "0");
  EXPECT_EQ(run("backup('/b', 'dfs://db')"), "3");
}

TEST_F(BackupTest, guests_and_the_not_allowed_are_refused) {
  EXPECT_TRUE(contains(run("backup('b', 'dfs://db')"), "must be an absolute path"));
  EXPECT_TRUE(contains(run("backup('/b', 'dfs://db', keyPath='/key')"), "backups are not encrypted"));
  EXPECT_TRUE(contains(run("backup('/b', 'dfs://none')"), "dfs://none does not exist"));
}

TEST_F(BackupTest, jobs_are_listed_with_what_they_have_done) {
  run("backup('/b', 'dfs://db', parallel=true)\nrestore('/b', 'dfs://db', `pt, '/2', true)");
  EXPECT_EQ(run("exec type from getBackupStatus()"), R"(["BACKUP_BY_COPY_FILE", "RESTORE_BY_COPY_FILE"])");
  EXPECT_EQ(run("exec completedPartitions from getBackupStatus(`admin)"), "[3, 1]");
  EXPECT_EQ(run("exec completed from getBackupStatus()"), "[true, true]");
  EXPECT_EQ(run("exec count(*) from getBackupStatus(`somebody)"), "0");
}

TEST(PartitionFilterTest, percent_is_any_text_and_question_mark_one_character) {
  EXPECT_TRUE(functions::fits_pattern("%", ""));
  EXPECT_TRUE(functions::fits_pattern("%/2017%/0_?0", "/db/20170101/0_50"));
  EXPECT_FALSE(functions::fits_pattern("%/2017%/0_?0", "/db/20170101/0_500"));
  EXPECT_FALSE(functions::fits_pattern("?", ""));
  EXPECT_TRUE(functions::fits_pattern("a%b%c", "a-b-b-c"));
  EXPECT_FALSE(functions::fits_pattern("a%b%c", "a-b-b-"));
  const PartitionFilter filter{.patterns = {"/db/20170101/0_50"}, .parts = {}};
  EXPECT_TRUE(filter.takes("dfs://db", "/20170101/0_50", {}));
  EXPECT_FALSE(filter.takes("dfs://other", "/20170101/0_50", {}));
}

}  // namespace
}  // namespace pelorus::backup
