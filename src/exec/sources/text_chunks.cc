// textChunkDS: a delimited text file, larger than memory may be, as data sources.

#include "exec/sources/data_source.h"
#include "functions/declare.h"
#include "functions/delimited/text_source.h"
#include "functions/file_access.h"

namespace pelorus::exec {
namespace {

using data::Value;
using functions::Arguments;
using functions::CallContext;
using functions::TextLayout;

constexpr int64_t kBytesPerUnit = int64_t{1} << 20;
constexpr int64_t kUnitsMax = 2048;

Value read_chunk(CallContext& context, const std::string& path, const TextLayout& layout,
                 const std::vector<functions::TextColumn>& columns, const functions::TextRange& range) {
  functions::require_login(context, "textChunkDS");
  context.reserve_memory(static_cast<int64_t>(range.to - range.from) * 2);
  functions::TextSource source(path, layout, columns, range);
  return read_all(source);
}

/// textChunkDS(filename, chunkSize, [delimiter], [schema], [skipRows], [arrayDelimiter], [containHeader],
/// [arrayMarker])
Value chunks(CallContext& context, std::span<Value> args) {
  const Arguments a("textChunkDS", args);
  functions::require_login(context, a.function());
  const auto path = a.text(0, "filename");
  const auto units = a.integer(1, "chunkSize");
  if (units < 1 || units > kUnitsMax) a.refuse("chunkSize", "must be between 1 and 2048 (MB).");
  TextLayout layout{.delimiter = functions::delimiter_of(a, 2)};
  const auto skipped = a.has(4) && !args[4].is_void() ? a.integer(4, "skipRows") : int64_t{0};
  if (skipped < 0 || skipped > 1024) a.refuse("skipRows", "must be between 0 and 1024.");
  layout.skip_rows = static_cast<size_t>(skipped);
  if (a.has(6) && !args[6].is_null()) layout.header = a.flag_or(6, "containHeader", true) ? 1 : 0;
  const functions::TextSource whole(a.function(), path, layout, a.has(3) ? args[3] : Value());
  const auto columns = whole.columns();
  std::vector<Value> sources;
  for (const auto& range : functions::cut_text(path, static_cast<uint64_t>(units * kBytesPerUnit))) {
    auto of_chunk = layout;
    if (range.from > 0) {
      of_chunk.skip_rows = 0;
      of_chunk.header = 0;
    }
    sources.emplace_back(data::HandleRef(std::make_shared<DataSource>(
        "< " + path + " [" + std::to_string(range.from) + ", " + std::to_string(range.to) + ") >",
        [path, of_chunk, columns, range](CallContext& reader) {
          return read_chunk(reader, path, of_chunk, columns, range);
        })));
  }
  return data::Vector::tuple(std::move(sources));
}

}  // namespace

void register_text_chunks(functions::Registry& registry) {
  functions::declare(
      registry, "data-sources", functions::Nature::kWhole,
      {"textChunkDS",
       "filename, chunkSize, [delimiter], [schema], [skipRows=0], [arrayDelimiter], [containHeader], [arrayMarker]",
       chunks,
       "A delimited text file as data sources of about chunkSize MB each, cut between records; each is read when it is "
       "used.",
       "saveTextFile(\"a,b\\n1,x\\n2,y\\n\", \"/tmp/pelorus-example-chunks\"); "
       "mr(textChunkDS(\"/tmp/pelorus-example-chunks\", 1), x -> sum(x.a), +)",
       "3"});
}

}  // namespace pelorus::exec
