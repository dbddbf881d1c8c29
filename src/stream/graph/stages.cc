#include "stream/graph/stages.h"

#include <functional>
#include <mutex>

#include "base/script_error.h"
#include "base/side_by_side.h"
#include "data/row_index.h"
#include "functions/append.h"

namespace pelorus::stream {
namespace {

using data::Schema;
using data::Table;
using data::TableRef;
using data::Value;

class Stage : public data::TableObject {
 public:
  explicit Stage(Schema schema) : schema_(std::move(schema)) {}
  std::string type_text() const override { return "STREAM STAGE"; }
  Schema schema() const override { return schema_; }
  Result<Table> snapshot() const override { return Table(schema_); }
  Status edit(const std::function<Status(Table&)>&) override {
    return Error{ErrorCode::kInvalid, "A stage of a stream graph has no rows to change."};
  }

 protected:
  /// The rows under the names and in the types that this stage's functions know.
  Result<Table> typed(const Table& rows) const {
    Table all(schema_);
    TRY_DONE(all.append(rows));
    return all;
  }

 private:
  const Schema schema_;
};

class Discarding final : public Stage {
 public:
  using Stage::Stage;
  Result<int64_t> append(const Table& rows) override { return static_cast<int64_t>(rows.rows()); }
};

class Forking final : public Stage {
 public:
  Forking(Schema schema, std::vector<TableRef> outputs) : Stage(std::move(schema)), outputs_(std::move(outputs)) {}
  Result<int64_t> append(const Table& rows) override {
    for (const auto& output : outputs_) TRY_DONE(output->append(rows));
    return static_cast<int64_t>(rows.rows());
  }

 private:
  const std::vector<TableRef> outputs_;
};

class Gated final : public Stage {
 public:
  Gated(Gate gate, TableRef output) : Stage(output->schema()), gate_(std::move(gate)), output_(std::move(output)) {}
  Result<int64_t> append(const Table& rows) override {
    if (!*gate_) return static_cast<int64_t>(rows.rows());
    return output_->append(rows);
  }

 private:
  const Gate gate_;
  const TableRef output_;
};

class Splitting final : public Stage {
 public:
  Splitting(Schema schema, size_t column, std::vector<TableRef> lanes)
      : Stage(std::move(schema)), column_(column), lanes_(std::move(lanes)) {}
  Result<int64_t> append(const Table& rows) override {
    TRY(const auto all, typed(rows));
    const data::RowIndex::Columns columns{&all.column(column_)};
    std::vector<std::vector<int64_t>> shares(lanes_.size());
    for (size_t r = 0; r < all.rows(); ++r) {
      if (columns[0]->is_null_at(r)) continue;
      const size_t lane = std::hash<std::string>()(data::RowIndex::key_of(columns, r)) % lanes_.size();
      shares[lane].push_back(static_cast<int64_t>(r));
    }
    TRY_DONE(side_by_side(lanes_.size(), lanes_.size(), [&](size_t lane) -> Status {
      if (shares[lane].empty()) return {};
      TRY_DONE(lanes_[lane]->append(all.take(shares[lane])));
      return {};
    }));
    return static_cast<int64_t>(rows.rows());
  }

 private:
  const size_t column_;
  const std::vector<TableRef> lanes_;
};

/// Stages that run script; one batch at a time.
class Scripted : public Stage {
 public:
  Scripted(std::string what, Schema schema, Value function, std::unique_ptr<exec::WorkerSession> session)
      : Stage(std::move(schema)),
        what_(std::move(what)),
        function_(std::move(function)),
        session_(std::move(session)) {}

 protected:
  Result<Value> called(std::vector<Value> arguments) {
    const std::lock_guard lock(mutex_);
    try {
      return session_->interpreter().call(function_, std::span<Value>(arguments));
    } catch (const ScriptError& error) {
      return failed(error.message());
    }
  }
  Error failed(const std::string& reason) const { return {ErrorCode::kScript, what_ + " failed: " + reason}; }

 private:
  const std::string what_;
  const Value function_;
  std::mutex mutex_;
  const std::unique_ptr<exec::WorkerSession> session_;
};

class Mapping final : public Scripted {
 public:
  Mapping(std::string what, Schema schema, Value function, std::unique_ptr<exec::WorkerSession> session,
          TableRef output)
      : Scripted(std::move(what), std::move(schema), std::move(function), std::move(session)),
        output_(std::move(output)) {}
  Result<int64_t> append(const Table& rows) override {
    TRY(auto all, typed(rows));
    const auto count = static_cast<int64_t>(all.rows());
    TRY(const auto result, called({Value(std::move(all))}));
    if (result.is_void()) return count;
    TRY(const auto made, rows_of(result));
    if (made.rows() > 0) TRY_DONE(output_->append(made));
    return count;
  }

 private:
  Result<Table> rows_of(const Value& result) const {
    if (result.is_plain_table()) return result.table();
    if (result.is_table_object()) return result.table_object()->snapshot();
    if (!result.is_dictionary()) return failed("it must give a table, a dictionary of columns or nothing.");
    std::vector<std::string> names;
    std::vector<Value> columns;
    for (size_t c = 0; c < result.dictionary().size(); ++c) {
      names.push_back(result.dictionary().keys().at(c).text());
      columns.push_back(result.dictionary().values().at(c));
    }
    try {
      return functions::assemble_table(std::move(names), columns);
    } catch (const ScriptError& error) {
      return failed(error.message());
    }
  }

  const TableRef output_;
};

class Calling final : public Scripted {
 public:
  using Scripted::Scripted;
  Result<int64_t> append(const Table& rows) override {
    TRY(auto all, typed(rows));
    const auto count = static_cast<int64_t>(all.rows());
    TRY_DONE(called({Value(std::move(all))}));
    return count;
  }
};

}  // namespace

TableRef discarding_stage(Schema schema) { return std::make_shared<Discarding>(std::move(schema)); }

TableRef forking_stage(Schema schema, std::vector<TableRef> outputs) {
  return std::make_shared<Forking>(std::move(schema), std::move(outputs));
}

TableRef gated_stage(Gate gate, TableRef output) { return std::make_shared<Gated>(std::move(gate), std::move(output)); }

TableRef splitting_stage(Schema schema, size_t column, std::vector<TableRef> lanes) {
  return std::make_shared<Splitting>(std::move(schema), column, std::move(lanes));
}

TableRef mapping_stage(std::string what, Schema schema, Value function, std::unique_ptr<exec::WorkerSession> session,
                       TableRef output) {
  return std::make_shared<Mapping>(std::move(what), std::move(schema), std::move(function), std::move(session),
                                   std::move(output));
}

TableRef calling_stage(std::string what, Schema schema, Value function, std::unique_ptr<exec::WorkerSession> session) {
  return std::make_shared<Calling>(std::move(what), std::move(schema), std::move(function), std::move(session));
}

}  // namespace pelorus::stream
