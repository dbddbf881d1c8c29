// Runs queries over a table in memory and times them, for comparisons that keep this process and another warm.
//   query_bench --rows 10000000
// Reads lines "THREADS SCRIPT", answers {"ms":…,"cpu_ms":…,"result":[numbers of the result's columns added up]} a line.
// The table is t(k INT, sym SYMBOL, v DOUBLE), made by the arithmetic that compare_with_duckdb.mjs gives DuckDB.

#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "base/script_error.h"
#include "data/convert.h"
#include "exec/interpreter.h"
#include "exec/language_functions.h"
#include "exec/sql_functions.h"
#include "exec/sql_runner.h"
#include "functions/builtins/register_builtins.h"

namespace pelorus::bench {
namespace {

using data::Vector;

constexpr int64_t kKeys = 1000;

data::Table make_rows(int64_t rows) {
  const auto symbols = std::make_shared<data::SymbolBase>();
  for (int64_t key = 0; key < kKeys; ++key) symbols->code_of("S" + std::to_string(key));
  data::Buffer<int32_t> keys(static_cast<size_t>(rows)), codes(static_cast<size_t>(rows));
  data::Buffer<double> values(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i) {
    const auto at = static_cast<size_t>(i);
    keys[at] = static_cast<int32_t>(i * 48271 % 2147483647 % kKeys);
    codes[at] = keys[at] + 1;
    values[at] = static_cast<double>(i * 69621 % 2147483647 % 1000000) / 100.0;
  }
  return {{"k", "sym", "v"},
          {Vector::adopt<int32_t>(data::Type::kInt, std::move(keys)), Vector::of_symbols(symbols, std::move(codes)),
           Vector::adopt<double>(data::Type::kDouble, std::move(values))}};
}

/// The numeric columns of a table, each added up: enough to see that two systems answered the same.
std::string digest(const data::Value& value) {
  std::string text = "[";
  if (value.is_scalar()) return text + std::to_string(value.scalar().as_double()) + "]";
  for (size_t c = 0; c < value.table().columns(); ++c) {
    const auto numbers = data::convert(value.table().column_shared(c), data::Type::kDouble);
    if (types::is_literal(value.table().column(c).type()) || !numbers) continue;
    double sum = 0;
    for (const double number : (*numbers)->values<double>()) sum += number;
    text += (text.size() > 1 ? "," : "") + std::to_string(sum);
  }
  return text + "]";
}

class Bench {
 public:
  explicit Bench(int64_t rows) : rows_(make_rows(rows)) {
    functions::register_builtins(registry_);
    exec::register_language_functions(registry_);
    exec::register_sql_functions(registry_);
  }

  void answer(size_t threads, const std::string& script) {
    auto& workers = workers_[threads];
    if (!workers) workers = std::make_unique<WorkerPool>(threads);
    exec::Surroundings surroundings{registry_, shared_, sql_, clock_, {}, {}};
    surroundings.workers = workers.get();
    exec::SessionScope session(7);
    exec::Interpreter interpreter(surroundings, session);
    interpreter.assign("t", data::Value(rows_));
    const auto begin = std::chrono::steady_clock::now();
    const auto cpu_begin = std::clock();
    const auto value = interpreter.run(script);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    const double cpu = 1000.0 * static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
    std::printf("{\"ms\":%.3f,\"cpu_ms\":%.3f,\"result\":%s}\n", took.count(), cpu, digest(value).c_str());
    std::fflush(stdout);
  }

 private:
  const data::Table rows_;
  functions::Registry registry_;
  exec::NodeSharedObjects shared_;
  exec::QueryRunner sql_;
  SystemClock clock_;
  std::map<size_t, std::unique_ptr<WorkerPool>> workers_;
};

}  // namespace
}  // namespace pelorus::bench

int main(int argc, char** argv) {
  if (argc != 3 || std::string(argv[1]) != "--rows") {
    std::cerr << "usage: query_bench --rows N\n";
    return 2;
  }
  pelorus::bench::Bench bench(std::stoll(argv[2]));
  size_t threads = 0;
  std::string script;
  while (std::cin >> threads && std::getline(std::cin, script)) {
    try {
      bench.answer(threads, script);
    } catch (const pelorus::ScriptError& error) {
      std::cerr << error.message() << "\n";
      return 1;
    }
  }
}
