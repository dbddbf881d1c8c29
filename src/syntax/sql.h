#pragma once
// SQL statements as expression nodes: a query can stand wherever an expression can; the others stand as statements and
// inside CODE.

#include <optional>

#include "syntax/ast.h"

namespace pelorus::syntax {

struct OrderKey {
  ExprRef key;
  bool descending = false;
  std::optional<bool> nulls_first;  // nothing: as nulls sort (smallest)
};

enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kCross, kLeftSemi };

struct Query;

/// One entry of `from`: a table expression (also (select …), joiner calls such as ej(…), loadTable(…)), or a join tree.
struct Source {
  enum class Kind : uint8_t { kTable, kJoin };
  Kind kind = Kind::kTable;
  SourcePlace place;
  ExprRef table;      // kTable; a nested Query is an expression
  std::string alias;  // kTable; may be empty
  // kJoin
  JoinKind join = JoinKind::kInner;
  std::shared_ptr<const Source> left;
  std::shared_ptr<const Source> right;
  ExprRef on;  // null for cross
};
using SourceRef = std::shared_ptr<const Source>;

enum class Grouping : uint8_t { kNone, kGroupBy, kContextBy, kPivotBy };

/// select and exec. Items, keys are expressions, often inside Alias nodes.
struct Query final : ExprOf<ExprKind::kQuery> {
  struct With {
    std::string name;
    std::vector<std::string> columns;
    std::shared_ptr<const Query> query;
  };
  std::vector<With> with;

  bool is_exec = false;
  int hints = 0;  // sum of the HINT_ values
  bool distinct = false;
  ExprRef top;                 // constant n, or a PairLiteral a:b
  std::vector<ExprRef> items;  // Star, ColumnRange, Alias, MacroName or expression
  SourceRef from;              // null: select without from
  std::vector<ExprRef> where;  // separated by commas: filters one after another
  Grouping grouping = Grouping::kNone;
  std::vector<ExprRef> keys;
  std::vector<ExprRef> cumulative_keys;  // cgroup by
  std::vector<OrderKey> csort;
  ExprRef having;
  std::vector<OrderKey> order;
  ExprRef limit;
  ExprRef offset;  // limit offset, n
  bool map = false;

  /// union [all]: this query, then each of these in turn. Their own order/limit are empty; this node's order, limit
  /// apply to the whole when `unions` is not empty.
  struct Union {
    bool all = false;
    std::shared_ptr<const Query> query;
  };
  std::vector<Union> unions;
};
using QueryRef = std::shared_ptr<const Query>;

enum class FrameUnit : uint8_t { kRows, kRange };
struct FrameBound {
  enum class Kind : uint8_t { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
  Kind kind = Kind::kCurrentRow;
  ExprRef distance;  // kPreceding, kFollowing
};

/// f(args) over ([partition by …] [order by …] [frame])
struct Over final : ExprOf<ExprKind::kOver> {
  std::string function;
  std::vector<Argument> arguments;
  std::vector<ExprRef> partition;
  std::vector<OrderKey> order;
  bool has_frame = false;
  FrameUnit unit = FrameUnit::kRange;
  FrameBound from{FrameBound::Kind::kUnboundedPreceding, {}};
  FrameBound to{FrameBound::Kind::kCurrentRow, {}};
};

/// update t set c = e, … [from source] [where …] [context by … [csort …] [having …]]
struct Update final : ExprOf<ExprKind::kUpdate> {
  struct Item {
    std::string column;
    ExprRef value;
  };
  ExprRef table;
  std::vector<Item> items;
  SourceRef from;
  std::vector<ExprRef> where;
  std::vector<ExprRef> context;
  std::vector<OrderKey> csort;
  ExprRef having;
  bool map = false;
};

/// delete from t [where …] [context by …] [map]; delete t from ej(…)
struct Delete final : ExprOf<ExprKind::kDelete> {
  ExprRef table;
  SourceRef from;  // only in the second form
  std::vector<ExprRef> where;
  std::vector<ExprRef> context;
  std::vector<OrderKey> csort;
  ExprRef having;
  bool map = false;
};

/// insert into t [(cols)] values (…), … | select …. Each row holds one expression per column (scalars, vectors,
/// tuples).
struct Insert final : ExprOf<ExprKind::kInsert> {
  ExprRef table;
  std::vector<std::string> columns;
  std::vector<std::vector<ExprRef>> rows;
  QueryRef query;  // instead of rows
};

/// Names a table: an expression (t, loadTable(…)), or "dfs://path"."table", or catalog.schema.table.
struct TablePath {
  std::string database;  // "dfs://x"; empty for in-memory
  std::string catalog;
  std::string schema;
  std::string table;
  SourcePlace place;
};

/// name = expression pairs after `partitioned by`: engine='TSDB', sortColumns=[`a], …
using Options = std::vector<Argument>;

/// create database "dfs://x" partitioned by VALUE(…), HASH([SYMBOL, 20]), engine='TSDB', …
struct CreateDatabase final : ExprOf<ExprKind::kCreateDatabase> {
  std::string path;  // or catalog.schema
  bool if_not_exists = false;
  std::vector<ExprRef> partitions;  // Call nodes: VALUE(1..10), RANGE(…), HASH(…), LIST(…)
  Options options;
};

/// create [local temporary] table path(c TYPE[comment="…"], …) [partitioned by c1, c2] [, options]
struct CreateTable final : ExprOf<ExprKind::kCreateTable> {
  struct Column {
    std::string name;
    types::Type type = types::Type::kVoid;
    bool array = false;
    int scale = 0;
    Options options;  // comment, compress
  };
  TablePath path;
  bool temporary = false;
  bool if_not_exists = false;
  std::vector<Column> columns;
  std::vector<ExprRef> partitioned_by;
  Options options;
};

struct AlterTable final : ExprOf<ExprKind::kAlterTable> {
  enum class Action : uint8_t { kAdd, kDrop, kRename };
  ExprRef table;
  Action action = Action::kAdd;
  std::vector<CreateTable::Column> columns;  // kAdd: with types; kDrop: names only; kRename: the old one
  std::string new_name;                      // kRename
};

/// drop table|database [if exists] …
struct Drop final : ExprOf<ExprKind::kDrop> {
  bool is_database = false;
  bool if_exists = false;
  TablePath path;
};

}  // namespace pelorus::syntax
