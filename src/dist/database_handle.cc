#include "dist/database_handle.h"

#include "base/script_error.h"
#include "functions/type_argument.h"

namespace pelorus::dist {
namespace {

using data::Value;
using meta::PartitionLevel;
using meta::PartitionType;

[[noreturn]] void refuse(const std::string& why) {
  throw ScriptError("Usage: database(directory, [partitionType], [partitionScheme]). " + why);
}

PartitionType parse_type(const Value& value) {
  if (value.is_text()) {
    if (const auto type = meta::parse_partition_type(value.text())) return *type;
  } else if (value.is_scalar() && types::is_integral(value.type())) {
    const auto code = value.scalar().as_int64();
    if (code >= 0 && code <= 5) return static_cast<PartitionType>(code);
  }
  refuse("partitionType must be SEQ, VALUE, RANGE, LIST, COMPO or HASH.");
}

std::vector<types::Scalar> scalars_of(const data::Vector& vector, types::Type type) {
  std::vector<types::Scalar> scalars;
  scalars.reserve(vector.size());
  for (size_t i = 0; i < vector.size(); ++i) {
    auto scalar = vector.scalar_at(i);
    if (scalar.type() == types::Type::kString && type == types::Type::kSymbol) {
      scalar = types::Scalar::of_text(type, scalar.text());
    }
    scalars.push_back(std::move(scalar));
  }
  return scalars;
}

PartitionLevel parse_list(const Value& scheme) {
  PartitionLevel level{.type = PartitionType::kList};
  if (!scheme.is_vector()) refuse("The scheme of a LIST database is a tuple of vectors.");
  for (size_t i = 0; i < scheme.vector().size(); ++i) {
    const auto item = scheme.vector().at(i);
    if (!item.is_vector() && !item.is_scalar()) refuse("The scheme of a LIST database is a tuple of vectors.");
    const auto list = item.is_vector() ? item.vector() : data::Vector::filled(item.scalar(), 1);
    if (i == 0) level.value_type = list.type();
    level.lists.push_back(scalars_of(list, level.value_type));
  }
  return level;
}

PartitionLevel parse_hash(const Value& scheme) {
  PartitionLevel level{.type = PartitionType::kHash};
  if (!scheme.is_vector() || scheme.vector().size() != 2) refuse("The scheme of a HASH database is [TYPE, buckets].");
  level.value_type = functions::type_argument("database", scheme.vector().at(0)).type;
  const auto buckets = scheme.vector().at(1);
  if (!buckets.is_scalar() || !types::is_integral(buckets.type()) || buckets.is_null())
    refuse("The number of buckets must be an integer.");
  const auto count = buckets.scalar().as_int64();
  if (count < 1 || count > meta::kBucketsMax)
    refuse("The number of buckets must be between 1 and " + std::to_string(meta::kBucketsMax) + ".");
  level.buckets = static_cast<int32_t>(count);
  return level;
}

meta::PartitionScheme parse_composite(const Value& scheme) {
  if (!scheme.is_vector() || scheme.vector().size() < 2)
    refuse("The scheme of a COMPO database is a vector of two or three databases.");
  meta::PartitionScheme whole;
  for (size_t i = 0; i < scheme.vector().size(); ++i) {
    const auto& inner = database_handle(scheme.vector().at(i), "database").database().scheme;
    if (inner.levels.size() != 1) refuse("A COMPO database is made of databases of one level.");
    whole.levels.push_back(inner.levels[0]);
  }
  return whole;
}

}  // namespace

std::string DatabaseHandle::describe() const { return "DB[" + database_.path + "]"; }

data::Properties DatabaseHandle::properties() const {
  data::Properties all{{"databaseDir", Value::of_string(database_.path)}};
  for (auto& entry : scheme_properties(database_.scheme)) all.push_back(std::move(entry));
  all.emplace_back("engineType", Value::of_string(database_.engine));
  all.emplace_back("atomic", Value::of_string(atomic_chunk_ ? "CHUNK" : "TRANS"));
  all.emplace_back("chunkGranularity", Value::of_string(database_.chunk_granularity));
  all.emplace_back("databaseOwner", Value::of_string(database_.owner));
  const std::lock_guard lock(mutex_);
  if (retention_) {
    all.emplace_back("retentionHours", Value::of_int(static_cast<int32_t>(retention_->hours)));
    all.emplace_back("retentionDimension", Value::of_int(static_cast<int32_t>(retention_->level)));
  }
  return all;
}

const DatabaseHandle& database_handle(const Value& value, std::string_view function) {
  if (value.is_handle()) {
    if (const auto* handle = dynamic_cast<const DatabaseHandle*>(value.handle().get())) return *handle;
  }
  throw ScriptError("Usage: " + std::string(function) +
                    ". The first argument must be a database handle, as database(\"dfs://…\") gives it.");
}

meta::PartitionScheme parse_scheme(const Value& type_value, const Value& scheme) {
  const auto type = parse_type(type_value);
  if (type == PartitionType::kCompo) return parse_composite(scheme);
  PartitionLevel level{.type = type};
  switch (type) {
    case PartitionType::kList: level = parse_list(scheme); break;
    case PartitionType::kHash: level = parse_hash(scheme); break;
    case PartitionType::kSeq:
      if (!scheme.is_scalar() || !types::is_integral(scheme.type()))
        refuse("The scheme of a SEQ database is the number of partitions.");
      level.value_type = types::Type::kInt;
      level.buckets = static_cast<int32_t>(scheme.scalar().as_int64());
      break;
    default:
      if (!scheme.is_vector() || scheme.is_tuple()) refuse("The scheme of a VALUE or RANGE database is a vector.");
      level.value_type = scheme.vector().type();
      level.values = scalars_of(scheme.vector(), level.value_type);
  }
  meta::PartitionScheme whole{.levels = {std::move(level)}};
  if (const auto fits = meta::check(whole); !fits.ok()) throw ScriptError("database => " + fits.error().message);
  return whole;
}

Value scheme_value(const PartitionLevel& level) {
  const auto vector_of = [&](const std::vector<types::Scalar>& scalars) {
    data::Vector vector(level.value_type == types::Type::kSymbol ? types::Type::kString : level.value_type);
    for (const auto& scalar : scalars) vector.push_back(scalar);
    return vector;
  };
  if (level.type == PartitionType::kHash || level.type == PartitionType::kSeq) return Value::of_int(level.buckets);
  if (level.type != PartitionType::kList) return vector_of(level.values);
  std::vector<Value> lists;
  for (const auto& list : level.lists) lists.emplace_back(vector_of(list));
  return data::Vector::tuple(std::move(lists));
}

data::Properties scheme_properties(const meta::PartitionScheme& scheme) {
  data::Vector type_codes(types::Type::kInt);
  std::vector<std::string> names;
  std::vector<Value> schemes;
  for (const auto& level : scheme.levels) {
    type_codes.push_back(Value::of_int(static_cast<int32_t>(level.type)));
    names.emplace_back(meta::name_of(level.type));
    schemes.push_back(scheme_value(level));
  }
  if (scheme.levels.size() == 1) {
    return {{"partitionType", type_codes.at(0)},
            {"partitionTypeName", Value::of_string(names[0])},
            {"partitionSchema", schemes[0]}};
  }
  return {{"partitionType", std::move(type_codes)},
          {"partitionTypeName", data::Vector::of_strings(types::Type::kString, std::move(names))},
          {"partitionSchema", data::Vector::tuple(std::move(schemes))}};
}

}  // namespace pelorus::dist
