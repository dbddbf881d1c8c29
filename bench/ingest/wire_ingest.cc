// Blocks of quotes over the native protocol into a durable table of a running node, by several connections at once:
// rows a second and how long a block takes. One line of JSON for each number of writers.
//   wire_ingest --port 8848 --data DIR [--rows 4000000] [--batch 100000] [--writers 1,4] [--engine OLAP]
// DIR: quotes.symbol.i32, .ts.i64, .bid.f64, .ofr.f64, .bidsiz.i32, .ofrsiz.i32, .mode.i8, .ex.i8, little-endian, a row
// an element. The user's password is taken from PELORUS_PASSWORD. Writers other than the first begin elsewhere in the
// rows; every block is acknowledged before its writer sends the next.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "client/connection.h"

namespace {

using namespace pelorus;
using Clock = std::chrono::steady_clock;
using data::Vector;
using types::Type;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "wire_ingest: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
data::Buffer<T> read_column(const std::string& directory, const std::string& name, size_t rows) {
  data::Buffer<T> values(rows);
  std::ifstream file(directory + "/quotes." + name, std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(rows * sizeof(T)));
  if (!file) fail("cannot read " + std::to_string(rows) + " rows of " + name + " in " + directory);
  return values;
}

struct Quotes {
  data::Buffer<int32_t> symbol, bidsiz, ofrsiz;
  data::Buffer<int64_t> ts;
  data::Buffer<double> bid, ofr;
  data::Buffer<int8_t> mode, ex;

  Quotes(const std::string& directory, size_t rows)
      : symbol(read_column<int32_t>(directory, "symbol.i32", rows)),
        bidsiz(read_column<int32_t>(directory, "bidsiz.i32", rows)),
        ofrsiz(read_column<int32_t>(directory, "ofrsiz.i32", rows)),
        ts(read_column<int64_t>(directory, "ts.i64", rows)),
        bid(read_column<double>(directory, "bid.f64", rows)),
        ofr(read_column<double>(directory, "ofr.f64", rows)),
        mode(read_column<int8_t>(directory, "mode.i8", rows)),
        ex(read_column<int8_t>(directory, "ex.i8", rows)) {}

  template <class T>
  static Vector part(Type type, const data::Buffer<T>& all, size_t from, size_t to) {
    const auto begin = all.begin() + static_cast<ptrdiff_t>(from), end = all.begin() + static_cast<ptrdiff_t>(to);
    return Vector::adopt<T>(type, data::Buffer<T>(begin, end));
  }
  data::Table block(size_t from, size_t to) const {
    auto base = std::make_shared<data::SymbolBase>();
    data::Buffer<int32_t> codes;
    for (size_t i = from; i < to; ++i) codes.push_back(base->code_of("S" + std::to_string(symbol[i])));
    return {{"symbol", "ts", "bid", "ofr", "bidsiz", "ofrsiz", "mode", "ex"},
            {Vector::of_symbols(std::move(base), std::move(codes)), part(Type::kNanotimestamp, ts, from, to),
             part(Type::kDouble, bid, from, to), part(Type::kDouble, ofr, from, to), part(Type::kInt, bidsiz, from, to),
             part(Type::kInt, ofrsiz, from, to), part(Type::kChar, mode, from, to), part(Type::kChar, ex, from, to)}};
  }
};

std::unique_ptr<client::Connection> connect(const std::map<std::string, std::string>& options) {
  const char* password = std::getenv("PELORUS_PASSWORD");
  auto opened = client::Connection::open({options.at("host"), static_cast<uint16_t>(std::stoi(options.at("port")))},
                                         {.user = options.at("user"), .password = password ? password : "123456"});
  if (!opened.ok()) fail(opened.error().describe());
  return std::move(opened).value();
}

void run(client::Connection& connection, const std::string& script) {
  const auto done = connection.run(script);
  if (!done.ok()) fail(done.error().describe());
}

/// Several writers meet in every partition: with atomic CHUNK they wait and are committed together, with TRANS refused.
void make_table(client::Connection& connection, const std::string& engine, size_t writers) {
  run(connection, R"(if(existsDatabase("dfs://wire_ingest")) dropDatabase("dfs://wire_ingest")
db = database("dfs://wire_ingest", COMPO, [database("", VALUE, 2024.01.02..2024.01.08), database("", HASH, [SYMBOL, 4])], , ")" +
                      engine + R"(", ")" + (writers > 1 ? "CHUNK" : "TRANS") + R"(")
q = table(1:0, `symbol`ts`bid`ofr`bidsiz`ofrsiz`mode`ex, [SYMBOL,NANOTIMESTAMP,DOUBLE,DOUBLE,INT,INT,CHAR,CHAR])
createPartitionedTable(db, q, `quotes, `ts`symbol)" +
                      (engine == "TSDB" ? ", , `symbol`ts" : "") + ")");
}

double at(std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(static_cast<double>(sorted.size()) * share))];
}

void measure(const std::map<std::string, std::string>& options, const std::vector<data::Table>& blocks,
             size_t writers) {
  const auto control = connect(options);
  make_table(*control, options.at("engine"), writers);
  std::vector<std::unique_ptr<client::Connection>> connections;
  for (size_t w = 0; w < writers; ++w) connections.push_back(connect(options));
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::vector<double> milliseconds;
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (auto& connection : connections) {
    threads.emplace_back([&] {
      for (size_t b = next++; b < blocks.size(); b = next++) {
        const auto sent = Clock::now();
        const auto done =
            connection->call("tableInsert{loadTable('dfs://wire_ingest', 'quotes')}", {data::Value(blocks[b])});
        if (!done.ok()) fail(done.error().describe());
        const std::lock_guard lock(mutex);
        milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - sent).count());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  size_t rows = 0;
  for (const auto& block : blocks) rows += block.rows();
  const auto counted = control->run("exec count(*) from loadTable('dfs://wire_ingest', 'quotes')");
  if (!counted.ok() || !*counted || (*counted)->scalar().as_int64() != static_cast<int64_t>(rows))
    fail("the count is wrong");
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf(R"({"engine":"%s","writers":%zu,"batch":%s,"rows":%zu,"rows_s":%.0f,"p50_ms":%.1f,"p99_ms":%.1f})"
              "\n",
              options.at("engine").c_str(), writers, options.at("batch").c_str(), rows,
              static_cast<double>(rows) / seconds, at(milliseconds, 0.5), at(milliseconds, 0.99));
  std::fflush(stdout);
  run(*control, R"(dropDatabase("dfs://wire_ingest"))");
}

}  // namespace

int main(int count, char** words) {
  std::map<std::string, std::string> options{{"host", "127.0.0.1"}, {"port", "8848"},    {"user", "admin"},
                                             {"data", "."},         {"rows", "4000000"}, {"batch", "100000"},
                                             {"writers", "1,4"},    {"engine", "OLAP"}};
  for (int i = 1; i + 1 < count; i += 2) options[std::string(words[i]).substr(2)] = words[i + 1];
  const size_t rows = std::stoul(options["rows"]), batch = std::stoul(options["batch"]);
  std::vector<data::Table> blocks;
  {
    const Quotes quotes(options["data"], rows);
    for (size_t from = 0; from < rows; from += batch)
      blocks.push_back(quotes.block(from, std::min(rows, from + batch)));
  }
  std::stringstream list(options["writers"]);
  for (std::string writers; std::getline(list, writers, ',');) measure(options, blocks, std::stoul(writers));
  return 0;
}
