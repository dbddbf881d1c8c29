#include "storage/oltp/oltp_store.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "data/value.h"

namespace pelorus::storage {
namespace {

using data::Table;
using data::TableTransaction;
using Kind = OltpChange::Kind;

constexpr uint64_t kCheckpointBytesMax = 1ull << 40;

Error no_database(const std::string& path) {
  return {ErrorCode::kNotFound, "The database [" + path + "] does not exist."};
}

/// What a script holds of a table.
class OltpTable final : public data::TableObject {
 public:
  OltpTable(OltpStore& store, uint64_t id, data::Schema schema, std::string path)
      : store_(store), id_(id), schema_(std::move(schema)), path_(std::move(path)) {}

  std::string type_text() const override { return "IMOLTP TABLE"; }
  data::Schema schema() const override { return schema_; }
  data::Properties properties() const override {
    const auto terms = store_.terms(id_);
    data::Properties out;
    out.emplace_back("databaseUrl", data::Value::of_string(path_));
    out.emplace_back("engineType", data::Value::of_string("IMOLTP"));
    if (terms.ok()) out.emplace_back("primaryKey", data::Vector::of_strings(types::Type::kString, terms->primary_key));
    return out;
  }
  Result<Table> snapshot() const override { return store_.rows(id_); }
  Result<int64_t> append(const Table& rows) override { return store_.append(id_, rows); }
  Status edit(const std::function<Status(Table&)>& change) override { return store_.edit(id_, change); }

 private:
  OltpStore& store_;
  const uint64_t id_;
  const data::Schema schema_;
  const std::string path_;
};

Status check_terms(const data::OltpTableTerms& terms) {
  const auto invalid = [](const std::string& what) { return Error{ErrorCode::kInvalid, what}; };
  if (terms.name.empty()) return invalid("The table needs a name.");
  if (terms.schema.empty()) return invalid("The table needs columns.");
  if (terms.primary_key.empty()) return invalid("The table needs a primary key.");
  const auto check = [&](const std::vector<std::string>& columns) -> Status {
    for (const auto& name : columns) {
      const auto column = std::ranges::find(terms.schema, name, &data::ColumnDefinition::name);
      if (column == terms.schema.end()) return invalid("Unrecognized column name [" + name + "]");
      if (column->array) return invalid("An array column can't be part of a key: " + name);
    }
    return {};
  };
  TRY_DONE(check(terms.primary_key));
  for (const auto& key : terms.secondary_keys) TRY_DONE(check(key.columns));
  for (const auto& column : terms.schema) {
    if (!types::is_storable(column.type))
      return invalid("Column " + column.name + " of type " + std::string(types::name_of(column.type)) +
                     " cannot be stored.");
  }
  return {};
}

Status check_columns(const data::OltpTableTerms& terms, const Table& rows) {
  const auto schema = rows.schema();
  bool same = schema.size() == terms.schema.size();
  for (size_t c = 0; same && c < schema.size(); ++c) {
    const auto &found = schema[c], &wanted = terms.schema[c];
    same = found.name == wanted.name && found.type == wanted.type && found.array == wanted.array;
  }
  if (same) return {};
  return Error{ErrorCode::kInvalid, "The columns of an IMOLTP table can't be changed: " + terms.name};
}

std::vector<const data::Vector*> columns_of(const Table& rows, const std::vector<std::string>& names) {
  std::vector<const data::Vector*> columns;
  for (const auto& name : names) columns.push_back(&rows.column(static_cast<size_t>(rows.find(name))));
  return columns;
}

/// Whether the key columns are the very same.
bool shares_keys(const std::vector<std::vector<std::string>>& keys, const Table& before, const Table& after) {
  for (const auto& key : keys) {
    for (const auto& name : key) {
      const auto c = static_cast<size_t>(before.find(name));
      if (!before.column_shared(c).shares_with(after.column_shared(c))) return false;
    }
  }
  return true;
}

}  // namespace

/// The changes of one transaction. The writer's lock is its own until it ends.
class OltpStore::Part final : public data::TransactionPart {
 public:
  Part(OltpStore& store, std::unique_lock<std::timed_mutex> lock) : store_(store), lock_(std::move(lock)) {}
  ~Part() override {
    if (lock_.owns_lock()) Part::roll_back();
  }

  const Table* find(uint64_t table) const {
    const auto found = working_.find(table);
    return found == working_.end() ? nullptr : &found->second;
  }
  /// The rows as this transaction sees them, for changing; `committed` where it has changed none yet.
  Table& working(uint64_t table, const Table& committed) {
    return working_.try_emplace(table, committed).first->second;
  }
  /// Logged; where the table has working rows they hold what is added, else it is added to the committed ones.
  void append(uint64_t table, Table added) {
    touched_.push_back(table);
    changes_.push_back(
        {.kind = Kind::kAppend, .database = {}, .table = table, .terms = {}, .places = {}, .rows = std::move(added)});
  }
  void change(uint64_t table, OltpChange change, Table all) {
    touched_.push_back(table);
    change.table = table;
    working_[table] = std::move(all);
    changes_.push_back(std::move(change));
  }

  Status commit() override {
    if (changes_.empty()) {
      lock_.unlock();
      return {};
    }
    if (const auto logged = store_.log(changes_); !logged.ok()) {
      roll_back();
      return logged;
    }
    store_.publish(changes_, working_);
    lock_.unlock();
    if (store_.wants_checkpoint()) return store_.checkpoint(false, false);
    return {};
  }
  void roll_back() override {
    for (const auto table : touched_) store_.unique_.erase(table);
    lock_.unlock();
  }

 private:
  OltpStore& store_;
  std::unique_lock<std::timed_mutex> lock_;
  std::vector<OltpChange> changes_;
  std::map<uint64_t, Table> working_;
  std::vector<uint64_t> touched_;
};

Result<std::unique_ptr<OltpStore>> OltpStore::open(io::FileSystem& files, OltpOptions options) {
  std::unique_ptr<OltpStore> store(new OltpStore(files, std::move(options)));
  TRY_DONE(files.make_directories(store->options_.directory));
  TRY(store->lock_, files.lock(io::join_path(store->options_.directory, "lock")));
  TRY_DONE(store->recover());
  store->background_ = std::thread([one = store.get()] { one->keep_checkpointing(); });
  return store;
}

OltpStore::~OltpStore() {
  {
    const std::lock_guard lock(wake_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (background_.joinable()) background_.join();
  if (log_) (void)log_->stop();
}

Status OltpStore::recover() {
  TRY(const bool exists, files_.exists(checkpoint_path()));
  if (exists) {
    TRY(const auto bytes, io::read_file(files_, checkpoint_path(), kCheckpointBytesMax));
    auto image = decode_checkpoint(bytes);
    if (!image.ok())
      return Error{image.error().code, "the file " + checkpoint_path() + " can't be used: " + image.error().message};
    image_ = std::move(*image);
  }
  const LogOptions options{.directory = io::join_path(options_.directory, "log"),
                           .segment_bytes = options_.log_file_bytes,
                           .sync = options_.sync};
  TRY_DONE(files_.make_directories(options.directory));
  TRY(log_, WriteAheadLog::open(files_, options, [this](const auto& record, RecordType type, std::string_view payload) {
        return type == RecordType::kCommit ? replay(record, payload) : Status();
      }));
  return {};
}

Status OltpStore::replay(const LoggedRecord& record, std::string_view payload) {
  if (record.sequence <= image_.sequence) return {};
  if (!pin_) pin_ = record.pin;
  logged_bytes_ += payload.size();
  TRY(const auto changes, decode_changes(payload, image_));
  for (const auto& change : changes) TRY_DONE(image_.apply(change));
  image_.sequence = record.sequence;
  return {};
}

Result<OltpStore::Part*> OltpStore::part_of_thread(std::unique_ptr<Part>* own) {
  auto* const transaction = TableTransaction::current();
  if (transaction != nullptr) {
    if (auto* part = transaction->find(this)) return static_cast<Part*>(part);
  }
  std::unique_lock lock(writing_, options_.wait_max);
  if (!lock.owns_lock())
    return Error{ErrorCode::kConflict, "Another transaction holds the IMOLTP tables; try again when it has ended."};
  auto part = std::make_unique<Part>(*this, std::move(lock));
  auto* const found = part.get();
  if (transaction != nullptr)
    transaction->join(this, std::move(part));
  else
    *own = std::move(part);
  return found;
}

bool OltpStore::has_database(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::find(image_.databases, path) != image_.databases.end();
}

std::vector<std::string> OltpStore::databases() const {
  const std::lock_guard lock(mutex_);
  return image_.databases;
}

std::vector<std::string> OltpStore::tables(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [id, table] : image_.tables) {
    if (table.database == path) names.push_back(table.terms.name);
  }
  return names;
}

const OltpTableImage* OltpStore::find(const std::string& path, const std::string& name) const {
  for (const auto& [id, table] : image_.tables) {
    if (table.database == path && table.terms.name == name) return &table;
  }
  return nullptr;
}

Result<data::TableRef> OltpStore::table(const std::string& path, const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto* found = find(path, name);
  if (found == nullptr)
    return Error{ErrorCode::kNotFound, "The table [" + name + "] does not exist in the database [" + path + "]."};
  return data::TableRef(
      std::make_shared<OltpTable>(const_cast<OltpStore&>(*this), found->id, found->terms.schema, path));
}

/// A change of databases and tables: logged and seen at once, not part of a transaction.
Status OltpStore::define(const std::function<Status(OltpChange&)>& describe) {
  if (TableTransaction::current() != nullptr)
    return Error{ErrorCode::kInvalid, "A transaction block may change rows only, not databases and tables."};
  std::unique_ptr<Part> own;
  TRY_DONE(part_of_thread(&own));
  OltpChange change;
  {
    const std::lock_guard lock(mutex_);
    TRY_DONE(describe(change));
  }
  std::vector<OltpChange> changes;
  changes.push_back(std::move(change));
  TRY_DONE(log(changes));
  std::map<uint64_t, Table> none;
  publish(changes, none);
  return {};
}

Status OltpStore::create_database(const std::string& path) {
  if (!data::is_oltp_path(path) || path.size() == data::kOltpPrefix.size())
    return Error{ErrorCode::kInvalid, "The path of an IMOLTP database is oltp:// and a name: " + path};
  if (has_database(path)) return {};
  return define([&](OltpChange& change) -> Status {
    change.kind = Kind::kCreateDatabase;
    change.database = path;
    return {};
  });
}

Status OltpStore::drop_database(const std::string& path) {
  return define([&](OltpChange& change) -> Status {
    if (std::ranges::find(image_.databases, path) == image_.databases.end()) return no_database(path);
    change.kind = Kind::kDropDatabase;
    change.database = path;
    return {};
  });
}

Result<data::TableRef> OltpStore::create_table(const std::string& path, const data::OltpTableTerms& terms) {
  TRY_DONE(check_terms(terms));
  TRY_DONE(define([&](OltpChange& change) -> Status {
    if (std::ranges::find(image_.databases, path) == image_.databases.end()) return no_database(path);
    if (find(path, terms.name) != nullptr)
      return Error{ErrorCode::kAlreadyExists,
                   "The table [" + terms.name + "] exists already in the database [" + path + "]."};
    change.kind = Kind::kCreateTable;
    change.database = path;
    change.table = image_.last_table + 1;
    change.terms = terms;
    return {};
  }));
  return table(path, terms.name);
}

Status OltpStore::drop_table(const std::string& path, const std::string& name) {
  return define([&](OltpChange& change) -> Status {
    const auto* found = find(path, name);
    if (found == nullptr)
      return Error{ErrorCode::kNotFound, "The table [" + name + "] does not exist in the database [" + path + "]."};
    change.kind = Kind::kDropTable;
    change.database = path;
    change.table = found->id;
    return {};
  });
}

Result<data::OltpTableTerms> OltpStore::terms(uint64_t table) const {
  const std::lock_guard lock(mutex_);
  const auto found = image_.tables.find(table);
  if (found == image_.tables.end()) return Error{ErrorCode::kNotFound, "The table was dropped."};
  return found->second.terms;
}

Result<Table> OltpStore::rows(uint64_t table) const {
  if (const auto* transaction = TableTransaction::current()) {
    const auto* part = static_cast<const Part*>(transaction->find(this));
    const auto* working = part == nullptr ? nullptr : part->find(table);
    if (working != nullptr) return *working;
  }
  const std::lock_guard lock(mutex_);
  const auto found = image_.tables.find(table);
  if (found == image_.tables.end()) return Error{ErrorCode::kNotFound, "The table was dropped."};
  return found->second.rows;
}

std::vector<std::vector<std::string>> OltpStore::unique_keys(const OltpTableImage& table) const {
  std::vector<std::vector<std::string>> keys{table.terms.primary_key};
  for (const auto& key : table.terms.secondary_keys) {
    if (key.unique) keys.push_back(key.columns);
  }
  return keys;
}

/// kAlreadyExists when one of the rows added has a key that a row before it has. The indexes then know all rows.
Status OltpStore::check_new_rows(const OltpTableImage& table, const Table& before, const Table& added) {
  const auto keys = unique_keys(table);
  auto& indexes = unique_[table.id];
  indexes.resize(keys.size());
  for (size_t k = 0; k < keys.size(); ++k) {
    if (!indexes[k]) indexes[k].emplace(columns_of(before, keys[k]), before.rows());
    const auto columns = columns_of(added, keys[k]);
    for (size_t row = 0; row < added.rows(); ++row) {
      const auto key = data::RowIndex::key_of(columns, row);
      if (indexes[k]->find(key) >= 0) {
        unique_.erase(table.id);
        std::string names;
        for (const auto& name : keys[k]) names += (names.empty() ? "" : ", ") + name;
        return Error{ErrorCode::kAlreadyExists, std::string(k == 0 ? "The primary key (" : "The unique key (") + names +
                                                    ") of table " + table.terms.name + " has a value twice."};
      }
      indexes[k]->add(key);
    }
  }
  return {};
}

/// What a change is made to: the rows as the transaction sees them, without holding on to them.
Result<OltpTableImage> OltpStore::image_of(uint64_t id) const {
  OltpTableImage table{.id = id, .database = {}, .terms = {}, .rows = {}};
  TRY(table.terms, terms(id));
  TRY(table.rows, rows(id));
  return table;
}

Result<int64_t> OltpStore::append(uint64_t id, const Table& rows) {
  std::unique_ptr<Part> own;
  TRY(auto* part, part_of_thread(&own));
  TRY(auto table, image_of(id));
  Table added(table.terms.schema);
  TRY_DONE(added.append(rows));
  TRY_DONE(check_new_rows(table, table.rows, added));
  const auto count = static_cast<int64_t>(added.rows());
  if (!own) {
    auto& working = part->working(id, table.rows);
    table.rows = {};
    TRY_DONE(working.append(added));
  }
  part->append(id, std::move(added));
  table.rows = {};  // so that columns grow where they are
  if (own) TRY_DONE(own->commit());
  return count;
}

Status OltpStore::edit(uint64_t id, const std::function<Status(Table&)>& change) {
  std::unique_ptr<Part> own;
  TRY(auto* part, part_of_thread(&own));
  TRY(const auto table, image_of(id));
  Table after = table.rows;
  TRY_DONE(change(after));
  TRY_DONE(check_columns(table.terms, after));
  auto made = difference(table.rows, after);
  const bool keeps_keys = made.kind == Kind::kReplace && shares_keys(unique_keys(table), table.rows, after);
  // Fewer rows have no key twice; the indexes are made anew when somebody adds one.
  if (!keeps_keys) unique_.erase(id);
  if (!keeps_keys && made.kind != Kind::kRemove) TRY_DONE(check_new_rows(table, Table(table.terms.schema), after));
  part->change(id, std::move(made), std::move(after));
  return own ? own->commit() : Status();
}

Status OltpStore::log(const std::vector<OltpChange>& changes) {
  PartList parts;
  encode_changes(changes, parts);
  TRY(const auto record, log_->append(RecordType::kCommit, parts.parts()));
  const std::lock_guard lock(mutex_);
  if (!pin_) pin_ = record.pin;
  logged_bytes_ += parts.bytes();
  image_.sequence = record.sequence;
  return {};
}

void OltpStore::publish(const std::vector<OltpChange>& changes, std::map<uint64_t, Table>& working) {
  const std::lock_guard lock(mutex_);
  for (const auto& change : changes) {
    const bool is_definition = static_cast<uint8_t>(change.kind) <= static_cast<uint8_t>(Kind::kDropTable);
    const bool grows = change.kind == Kind::kAppend && !working.contains(change.table);
    if (is_definition || grows) CHECK(image_.apply(change).ok());
  }
  for (auto& [id, rows] : working) {
    const auto table = image_.tables.find(id);
    if (table != image_.tables.end()) table->second.rows = std::move(rows);
  }
}

bool OltpStore::wants_checkpoint() const {
  const std::lock_guard lock(mutex_);
  return options_.checkpoints && logged_bytes_ >= options_.checkpoint_bytes;
}

Status OltpStore::checkpoint(bool force, bool wait) {
  {
    const std::lock_guard lock(mutex_);
    if (!force && logged_bytes_ == 0) return {};
    if (!force && !options_.checkpoints) return {};
  }
  if (wait) return write_checkpoint();
  {
    const std::lock_guard lock(wake_mutex_);
    wanted_ = true;
  }
  wake_.notify_all();
  return {};
}

/// Between two transactions, so that the records that are in it are those up to its sequence.
Status OltpStore::write_checkpoint() {
  const std::lock_guard one(checkpointing_);
  OltpImage image;
  LogPin given_up;
  {
    std::unique_lock writer(writing_, options_.wait_max);
    if (!writer.owns_lock()) return Error{ErrorCode::kConflict, "A transaction does not end; no checkpoint was made."};
    const std::lock_guard lock(mutex_);
    image = image_;
    given_up = std::exchange(pin_, nullptr);
    logged_bytes_ = 0;
  }
  if (const auto written = io::replace_file(files_, checkpoint_path(), encode_checkpoint(image)); !written.ok()) {
    const std::lock_guard lock(mutex_);
    pin_ = given_up;
    return written;
  }
  given_up.reset();
  return log_->release();
}

void OltpStore::keep_checkpointing() {
  std::unique_lock lock(wake_mutex_);
  while (true) {
    wake_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    if (const auto done = write_checkpoint(); !done.ok())
      log_error("No checkpoint of the IMOLTP databases: " + done.error().message);
    lock.lock();
  }
}

}  // namespace pelorus::storage
