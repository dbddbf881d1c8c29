#include "cli/migrate/report.h"

#include <algorithm>
#include <map>

namespace pelorus::cli::migrate {
namespace {

namespace json = boost::json;

struct Replica {
  std::string node, path, hash, problem;
  int64_t version = 0, rows = 0;
  bool in_sync = false;
};

std::string text_at(const data::Table& table, std::string_view name, size_t row) {
  const int column = table.find(name);
  return column < 0 ? "" : table.column(static_cast<size_t>(column)).scalar_at(row).text();
}

int64_t number_at(const data::Table& table, std::string_view name, size_t row) {
  const int column = table.find(name);
  if (column < 0) return 0;
  const auto cell = table.column(static_cast<size_t>(column)).scalar_at(row);
  return cell.is_null() ? 0 : cell.as_int64();
}

/// Why the replicas of one chunk are not what they should be; empty when they are.
std::string fault_of(const std::vector<Replica>& replicas) {
  for (const auto& replica : replicas) {
    if (!replica.problem.empty()) return replica.node + ": " + replica.problem;
    if (!replica.in_sync) return replica.node + " lacks something";
  }
  for (const auto& replica : replicas) {
    const auto& first = replicas[0];
    if (replica.version == first.version && (replica.hash != first.hash || replica.rows != first.rows)) {
      return first.node + " and " + replica.node + " differ";
    }
  }
  return "";
}

const json::object& object_at(const json::object& object, std::string_view name) {
  static const json::object kNone;
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_object() ? found->get_object() : kNone;
}

int64_t number_of(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_number() ? found->to_number<int64_t>() : 0;
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

void compare_chunks(const std::string& table, const json::object& before, const json::object& after,
                    Comparison& result) {
  for (const auto& [id, value] : after) {
    const auto problem = text_of(value.as_object(), "problem");
    if (!problem.empty())
      result.differences.push_back({"differ.replicas", {table, text_of(value.as_object(), "path"), problem}});
  }
  for (const auto& [id, value] : before) {
    const auto& old_chunk = value.as_object();
    const auto* found = after.if_contains(id);
    if (found == nullptr) {
      result.differences.push_back({"differ.chunk_gone", {table, text_of(old_chunk, "path")}});
      continue;
    }
    const auto& chunk = found->as_object();
    const int64_t was = number_of(old_chunk, "version"), is = number_of(chunk, "version");
    if (is > was) {
      ++result.chunks_written;
    } else if (is < was || text_of(chunk, "hash") != text_of(old_chunk, "hash") ||
               number_of(chunk, "rows") != number_of(old_chunk, "rows")) {
      result.differences.push_back({"differ.chunk",
                                    {table, text_of(chunk, "path"), std::to_string(number_of(old_chunk, "rows")),
                                     std::to_string(number_of(chunk, "rows"))}});
    } else {
      ++result.chunks_equal;
    }
  }
}

}  // namespace

json::object table_report(const data::Table& hashes) {
  std::map<int64_t, std::vector<Replica>> chunks;
  for (size_t row = 0; row < hashes.rows(); ++row) {
    chunks[number_at(hashes, "chunkId", row)].push_back(
        {text_at(hashes, "node", row), text_at(hashes, "path", row), text_at(hashes, "hash", row),
         text_at(hashes, "problem", row), number_at(hashes, "version", row), number_at(hashes, "rows", row),
         number_at(hashes, "inSync", row) != 0});
  }
  json::object out;
  int64_t rows = 0;
  for (const auto& [id, replicas] : chunks) {
    // The newest of them stands for the chunk: under writes one may be a version ahead of the other.
    const auto best = std::max_element(replicas.begin(), replicas.end(), [](const Replica& a, const Replica& b) {
      return std::pair(a.problem.empty(), a.version) < std::pair(b.problem.empty(), b.version);
    });
    rows += best->rows;
    out[std::to_string(id)] =
        json::object{{"path", best->path}, {"version", best->version},    {"rows", best->rows},
                     {"hash", best->hash}, {"replicas", replicas.size()}, {"problem", fault_of(replicas)}};
  }
  return {{"rows", rows}, {"chunks", std::move(out)}};
}

Comparison compare(const json::object& before, const json::object& after) {
  Comparison result;
  const auto &tables_before = object_at(before, "tables"), &tables_after = object_at(after, "tables");
  for (const auto& [name, value] : tables_before) {
    ++result.tables;
    result.rows_before += number_of(value.as_object(), "rows");
    const auto* found = tables_after.if_contains(name);
    if (found == nullptr) {
      result.differences.push_back({"differ.table_gone", {std::string(name)}});
      continue;
    }
    compare_chunks(std::string(name), object_at(value.as_object(), "chunks"), object_at(found->as_object(), "chunks"),
                   result);
  }
  for (const auto& [name, value] : tables_after) {
    result.rows_after += number_of(value.as_object(), "rows");
    if (!tables_before.contains(name))
      compare_chunks(std::string(name), {}, object_at(value.as_object(), "chunks"), result);
  }
  const auto &sections_before = object_at(before, "sections"), &sections_after = object_at(after, "sections");
  for (const auto& [name, value] : sections_before) {
    const auto* found = sections_after.if_contains(name);
    if (found == nullptr || *found != value) result.differences.push_back({"differ.section", {std::string(name)}});
  }
  return result;
}

int64_t changes_between(const json::object& earlier, const json::object& later) {
  const auto &before = object_at(earlier, "versions"), &after = object_at(later, "versions");
  int64_t changes = 0;
  for (const auto& [chunk, version] : after) {
    const auto* was = before.if_contains(chunk);
    changes += was == nullptr || *was != version;
  }
  for (const auto& [chunk, version] : before) changes += !after.contains(chunk);
  const auto& sections = object_at(later, "sections");
  for (const auto& [name, value] : object_at(earlier, "sections")) {
    const auto* now = sections.if_contains(name);
    changes += now == nullptr || *now != value;
  }
  return changes;
}

}  // namespace pelorus::cli::migrate
