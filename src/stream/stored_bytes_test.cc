// docs/formats/stream_log.md: as programs of every level wrote it.

#include "base/stored_bytes.h"

#include "data/value.h"
#include "io/memory_file_system.h"
#include "stream/stream_log.h"

namespace pelorus::stream {
namespace {

using data::Vector;
using types::Type;

data::Table rows() {
  data::Buffer<int32_t> ids{1, 2, types::kNull<int32_t>};
  return {{"id", "sym"},
          {Vector::adopt<int32_t>(Type::kInt, std::move(ids)), Vector::of_strings(Type::kSymbol, {"a", "b", ""})}};
}

TEST(StoredBytes, stream_log) {
  const data::Schema schema{{"id", Type::kInt}, {"sym", Type::kSymbol}};
  const std::string path = "/stream/t/00000000000000000000.rows";
  io::MemoryFileSystem disk;
  ManualClock clock;
  {
    StreamLog::Loaded loaded;
    auto log = StreamLog::open(disk, clock, {.folder = "/stream/t"}, schema, &loaded);
    ASSERT_TRUE(log.ok()) << log.error().message;
    ASSERT_TRUE((*log)->append(rows()).ok());
  }
  const auto written = io::read_file(disk, path, 1 << 20);
  ASSERT_TRUE(written.ok()) << written.error().message;
  check_stored("stream_log", *written, [&](const std::string& bytes) {
    ASSERT_TRUE(io::replace_file(disk, path, bytes).ok());
    StreamLog::Loaded loaded;
    const auto log = StreamLog::open(disk, clock, {.folder = "/stream/t"}, schema, &loaded);
    ASSERT_TRUE(log.ok()) << log.error().message;
    EXPECT_EQ(loaded.first_row, 0);
    EXPECT_TRUE(data::equal(data::Value(loaded.rows), data::Value(rows())));
  });
}

}  // namespace
}  // namespace pelorus::stream
