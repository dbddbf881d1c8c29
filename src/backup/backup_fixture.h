#pragma once
// For tests: two data nodes, and a disk in memory that backups go to.

#include "backup/functions.h"
#include "datanode/cluster_fixture.h"
#include "io/faulty_file_system.h"

namespace pelorus::backup {

class TwoNodesAndADisk : public datanode::TwoNodes {
 protected:
  TwoNodesAndADisk() {
    for (auto* services : {&services_, &other_services_}) {
      auto& node = services == &services_ ? first_ : second_;
      register_backup_functions(node.registry(), *services);
      register_backup_questions(node.registry(), *services);
    }
    run("db = database('dfs://db', VALUE, 1 2 3)\n"
        "t = table(1 1 2 3 as id, symbol(`a`b`a`c) as sym, 10 20 30 40 as qty)\n"
        "pt = createPartitionedTable(db, t, `pt, `id)\n"
        "pt.append!(t)");
  }

  /// "id sym qty" of all rows, ordered.
  std::string rows(const std::string& database = "dfs://db", const std::string& table = "pt") {
    return run("select * from loadTable('" + database + "', '" + table + "') order by id, qty");
  }
  std::string file_of(int64_t partition) {
    const auto saved = load_saved_table(disk_, "/b", "dfs://db", "pt");
    EXPECT_TRUE(saved.ok()) << saved.error().message;
    for (const auto& one : saved->partitions) {
      if (one.path == "/" + std::to_string(partition)) return "/b/db/pt/" + one.file;
    }
    ADD_FAILURE() << "partition " << partition << " is not in the backup";
    return {};
  }

  io::MemoryFileSystem disk_;
  io::FaultyFileSystem faults_{disk_};
  SystemClock clock_;
  Jobs jobs_{clock_};
  const BackupServices services_{faults_, first_.distribution(), first_.writer(), clock_, jobs_};
  const BackupServices other_services_{faults_, second_.distribution(), second_.writer(), clock_, jobs_};
};

}  // namespace pelorus::backup
