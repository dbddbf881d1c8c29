#include "stream/engines/engine_snapshot.h"

#include <cstring>

#include "base/script_error.h"
#include "io/checksum.h"
#include "wire/decode.h"
#include "wire/encode.h"

namespace pelorus::stream {

using data::Table;
using data::Type;
using data::Value;
using data::Vector;

namespace {

constexpr std::string_view kMark = "PELENG01";
constexpr size_t kHeaderBytes = 20;  // mark, length, checksum
constexpr uint64_t kFileBytesMax = uint64_t{4} << 30;

std::string path_of(const SnapshotTerms& terms, const std::string& engine) {
  return io::join_path(terms.folder, engine + ".snapshot");
}

[[noreturn]] void fail_state() { throw ScriptError("the snapshot does not hold what such an engine remembers"); }

}  // namespace

Status write_snapshot(const SnapshotTerms& terms, const std::string& engine, const EngineSnapshot& snapshot) {
  const Value content =
      Vector::tuple({Value::of_string(snapshot.made_by), Value::of_long(snapshot.message_id),
                     Value::of_long(snapshot.rows_in), Value::of_long(snapshot.rows_out), snapshot.state});
  wire::Chain chain;
  TRY_DONE(wire::encode(content, chain));
  const auto payload = chain.flatten();
  if (payload.size() > kFileBytesMax - kHeaderBytes)
    return Error{ErrorCode::kLimit, "the state is larger than a snapshot may be"};
  std::string bytes(kMark);
  bytes.resize(kHeaderBytes);
  const uint64_t length = payload.size();
  const uint32_t checksum = io::crc32c(payload);
  std::memcpy(bytes.data() + kMark.size(), &length, sizeof length);
  std::memcpy(bytes.data() + kMark.size() + sizeof length, &checksum, sizeof checksum);
  bytes += payload;
  return io::replace_file(*terms.files, path_of(terms, engine), bytes);
}

Result<std::optional<EngineSnapshot>> read_snapshot(const SnapshotTerms& terms, const std::string& engine) {
  const auto path = path_of(terms, engine);
  TRY(const bool exists, terms.files->exists(path));
  if (!exists) return std::optional<EngineSnapshot>();
  TRY(const auto bytes, io::read_file(*terms.files, path, kFileBytesMax));
  const Error damaged{ErrorCode::kCorrupt, "the snapshot " + path + " is damaged; delete it to begin anew"};
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMark)) return damaged;
  uint64_t length = 0;
  uint32_t checksum = 0;
  std::memcpy(&length, bytes.data() + kMark.size(), sizeof length);
  std::memcpy(&checksum, bytes.data() + kMark.size() + sizeof length, sizeof checksum);
  const auto payload = std::string_view(bytes).substr(kHeaderBytes);
  if (payload.size() != length || io::crc32c(payload) != checksum) return damaged;
  const auto content = wire::decode(payload);
  constexpr size_t kParts = 5;
  if (!content.ok() || !content->is_tuple() || content->vector().size() != kParts) return damaged;
  const auto parts = content->vector().values_any();
  if (!parts[0].is_text() || !parts[0].is_scalar()) return damaged;
  for (const size_t i : {1, 2, 3}) {
    if (!parts[i].is_scalar() || parts[i].type() != Type::kLong) return damaged;
  }
  return std::optional(EngineSnapshot{.made_by = parts[0].text(),
                                      .message_id = parts[1].scalar().as_int64(),
                                      .rows_in = parts[2].scalar().as_int64(),
                                      .rows_out = parts[3].scalar().as_int64(),
                                      .state = parts[4]});
}

void StateWriter::add_bytes(const std::vector<std::string>& texts) {
  parts_.emplace_back(Vector::of_strings(Type::kBlob, texts));
}

void StateWriter::add(const std::vector<int64_t>& numbers) {
  data::Buffer<int64_t> values;
  for (const auto number : numbers) values.push_back(number);
  parts_.emplace_back(Vector::adopt<int64_t>(Type::kLong, std::move(values)));
}

void StateWriter::add(const Table& table) {
  if (table.columns() == 0)
    parts_.push_back(Value::null());
  else
    parts_.emplace_back(table);
}

void StateWriter::add(const Vector& column) {
  if (column.type() == Type::kVoid)
    parts_.push_back(Value::null());
  else
    parts_.emplace_back(column);
}

StateReader::StateReader(const Value& state) : state_(state) {
  if (!state_.is_tuple()) fail_state();
}

const Value& StateReader::next() {
  const auto parts = state_.vector().values_any();
  if (at_ >= parts.size()) fail_state();
  return parts[at_++];
}

int64_t StateReader::number() {
  const Value& part = next();
  if (!part.is_scalar() || part.type() != Type::kLong) fail_state();
  return part.scalar().as_int64();
}

std::vector<std::string> StateReader::bytes() {
  const Value& part = next();
  if (!part.is_vector() || part.type() != Type::kBlob) fail_state();
  std::vector<std::string> texts;
  for (size_t i = 0; i < part.vector().size(); ++i) texts.emplace_back(part.vector().text_at(i));
  return texts;
}

std::vector<int64_t> StateReader::numbers() {
  const Value& part = next();
  if (!part.is_vector() || part.type() != Type::kLong) fail_state();
  const auto values = part.vector().values<int64_t>();
  return {values.begin(), values.end()};
}

Table StateReader::table() {
  const Value& part = next();
  if (part.is_void()) return Table();
  if (!part.is_plain_table()) fail_state();
  return part.table();
}

Vector StateReader::column() {
  const Value& part = next();
  if (part.is_void()) return Vector();
  if (!part.is_vector()) fail_state();
  return part.vector();
}

}  // namespace pelorus::stream
