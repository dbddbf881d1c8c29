#pragma once
// Looks for formulas that fit a target: what createGPLearnEngine makes.

#include <mutex>
#include <optional>

#include "data/table.h"
#include "exec/learning/genetic_program.h"
#include "functions/call_context.h"

namespace pelorus::exec {

struct GeneticTerms {
  GenePool pool;
  Growth growth = Growth::kHalf;
  std::vector<Program> first;  // given programs of the first generation
  size_t population = 1000;
  size_t generations = 20;
  size_t tournament = 20;
  double stopping = 0;  // a fitness as good as this ends the search
  double samples = 1;   // part of the rows that count
  enum class Fitness : uint8_t { kMse, kRmse, kMae, kPearson, kSpearman, kFunction } fitness = Fitness::kMse;
  data::Value fitness_function;  // fitness(prediction, target)
  double parsimony = 0.001;
  double crossover = 0.9, subtree = 0.01, hoist = 0.01, point = 0.01;
  size_t elite = 0;
  bool keeps_depth = false;  // programs deeper than the pool's are not bred
  bool minimize = true;
  bool absolute = true;  // of correlations
  bool verbose = true;
};

/// Rows of data columns, and the rows of each group in order (one group: all).
struct GeneticData {
  std::vector<data::Shared<data::Vector>> columns;  // DOUBLE
  std::vector<std::vector<int64_t>> groups;         // empty: all rows are one
  size_t rows = 0;
};

struct Fitted {
  Program program;
  double fitness = 0;
};

/// Values of a formula; windows stay inside groups. ScriptError when a function fails.
data::Vector program_values(const Program& program, const GeneticData& data, functions::CallContext& context);

/// Thread-safe; one search at a time.
class GeneticSearch final : public data::HandleObject {
 public:
  GeneticSearch(GeneticTerms terms, GeneticData data, data::Shared<data::Vector> target, uint64_t seed)
      : terms_(std::move(terms)), data_(std::move(data)), target_(std::move(target)), random_(seed) {}
  std::string kind() const override { return "GPLearn engine"; }
  std::string describe() const override {
    return "GPLearn engine of " + std::to_string(data_.rows) + " rows, " + std::to_string(terms_.population) +
           " programs";
  }

  /// Runs the generations; the best `count` different programs, best first. ScriptError when cancelled.
  std::vector<Fitted> fit(size_t count, functions::CallContext& context);
  /// Those of the last fit; empty before.
  std::vector<Program> best(size_t count) const;
  const std::vector<std::string>& columns() const { return terms_.pool.columns; }
  const GeneticData& data() const { return data_; }

 private:
  struct Member {
    Program program;
    double raw = 0;     // fitness
    double scored = 0;  // with the penalty of length; smaller is better
  };
  std::vector<Member> next(const std::vector<Member>& parents);
  const Member& tournament_winner(const std::vector<Member>& parents);
  void judge(Member* member, const std::vector<int64_t>& rows, functions::CallContext& context) const;
  double fitness_of(const data::Vector& values, const std::vector<int64_t>& rows,
                    functions::CallContext& context) const;
  std::vector<int64_t> sample();

  const GeneticTerms terms_;
  const GeneticData data_;
  const data::Shared<data::Vector> target_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;     // guarded by mutex_
  std::vector<Fitted> found_;  // guarded by mutex_
};

}  // namespace pelorus::exec
