#include "cli/demo/load_flights.h"

#include <cstdio>

#include "cli/value_text.h"

namespace pelorus::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

constexpr const char* kMakeTable = R"(
db = database("dfs://flights", VALUE, 2001.01M..2001.06M)
model = table(1:0, `date`delay`distance`origin`destination, [TIMESTAMP, INT, INT, SYMBOL, SYMBOL])
createPartitionedTable(db, model, `flights, `date)
)";

struct Question {
  const char* text;
  const char* script;  // `flights` is the table
};
constexpr Question kQuestions[] = {
    {"How many flights are there?", "select count(*) as flights, avg(delay) as delay from flights"},
    {"How did the months differ?",
     "select count(*) as flights, avg(delay) as delay from flights group by month(date) as month"},
    {"Which airports are the busiest?",
     "select top 5 * from (select count(*) as flights, avg(delay) as delay from flights group by origin) order by "
     "flights desc"},
    {"At which hours are flights late?",
     "select top 5 * from (select count(*) as flights, avg(delay) as delay from flights group by hour(date) as hour) "
     "order by delay desc"},
    {"What about one day from one airport?",
     "select count(*) as flights, max(delay) as worst, sum(distance) as miles from flights "
     "where date between 2001.03.01T00:00:00.000 : 2001.03.01T23:59:59.999, origin = `SFO"},
};

/// One line that is written over on a terminal, and one line for each tenth of the work elsewhere.
class ProgressLine {
 public:
  ProgressLine(Terminal& terminal, int64_t total) : terminal_(terminal), total_(total) {}
  void show(int64_t done) {
    constexpr int64_t kCells = 24;
    const int64_t tenth = total_ > 0 ? done * 10 / total_ : 10;
    if (!terminal_.facts().err_is_terminal && tenth == shown_tenth_) return;
    shown_tenth_ = tenth;
    const auto filled = static_cast<size_t>(total_ > 0 ? std::min(kCells, done * kCells / total_) : kCells);
    const double seconds = seconds_since(began_);
    const auto rate = static_cast<int64_t>(seconds > 0 ? static_cast<double>(done) / seconds : 0);
    const std::string bar = std::string(filled, '#') + std::string(static_cast<size_t>(kCells) - filled, '.');
    terminal_.err() << (terminal_.facts().err_is_terminal ? "\r" : "") << "  [" << bar << "] " << with_commas(done)
                    << " of " << with_commas(total_) << " rows, " << with_commas(rate) << " rows/s   "
                    << (terminal_.facts().err_is_terminal ? "" : "\n") << std::flush;
  }
  void end() {
    if (terminal_.facts().err_is_terminal) terminal_.err() << std::endl;
  }

 private:
  Terminal& terminal_;
  const int64_t total_;
  const Clock::time_point began_ = Clock::now();
  int64_t shown_tenth_ = -1;
};

}  // namespace

Status make_flight_table(client::FailoverConnection& nodes) {
  const auto made = nodes.run(kMakeTable);
  if (!made.ok()) return made.error();
  return {};
}

Status load_flights(FlightSource& source, int64_t rows_max, client::FailoverConnection& nodes, Interrupt& interrupt,
                    Terminal& terminal, int64_t& loaded) {
  std::optional<ProgressLine> progress;
  loaded = 0;
  while (loaded < rows_max) {
    if (interrupt.has_come()) return Error{ErrorCode::kCancelled, "interrupted"};
    TRY(auto block, source.next());
    if (!block) break;
    if (!progress) {
      terminal.err() << "Loading flights into dfs://flights, two replicas of each partition" << std::endl;
      progress.emplace(terminal, rows_max);
    }
    const auto left = static_cast<size_t>(rows_max - loaded);
    if (block->rows() > left) block = block->slice(0, left);
    const auto rows = static_cast<int64_t>(block->rows());
    const auto inserted = nodes.call("tableInsert{loadTable(\"dfs://flights\", \"flights\")}", {std::move(*block)});
    if (!inserted.ok()) return inserted.error();
    loaded += rows;
    progress->show(loaded);
  }
  if (progress) progress->end();
  return {};
}

Status ask_flights(client::FailoverConnection& nodes, Terminal& terminal) {
  size_t failed = 0;
  for (const auto& question : kQuestions) {
    const auto began = Clock::now();
    const auto answer =
        nodes.run("flights = loadTable(\"dfs://flights\", \"flights\")\n" + std::string(question.script));
    char took[32];
    std::snprintf(took, sizeof took, "%.0f ms", seconds_since(began) * 1000);
    terminal.out() << "\n"
                   << terminal.paint(Colour::kStrong, question.text) << "  " << took << "\n  "
                   << terminal.paint(Colour::kFaint, question.script) << "\n";
    if (answer.ok()) {
      terminal.out() << (*answer ? value_text(**answer, {.rows_max = 12}) : "no value") << std::endl;
    } else {
      ++failed;
      terminal.out() << terminal.paint(Colour::kBad, "failed: ") << answer.error().message << std::endl;
    }
  }
  if (failed == 0) return {};
  return Error{ErrorCode::kScript, std::to_string(failed) + " of " + std::to_string(std::size(kQuestions)) +
                                       " queries failed; their messages are above"};
}

}  // namespace pelorus::cli
