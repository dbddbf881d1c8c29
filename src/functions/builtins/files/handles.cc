// Open files: file close seek readLine readLines writeLine writeLines readBytes writeBytes
// write fflush.

#include <cstdio>
#include <filesystem>

#include "functions/arguments.h"
#include "functions/builtins/register_builtins.h"
#include "functions/declare.h"
#include "functions/file_access.h"
#include "functions/open_file.h"

namespace pelorus::functions {
namespace {

constexpr std::string_view kFamily = "files";

Value open_file(CallContext& context, std::span<Value> args) {
  Arguments a("file", args);
  const auto path = a.text(0, "filename"), mode = a.text_or(1, "mode", "r");
  if (mode != "r" && mode != "r+" && mode != "w" && mode != "w+" && mode != "a" && mode != "a+")
    a.refuse("mode", "must be one of r r+ w w+ a a+.");
  require_login(context, "file");
  FILE* file = std::filesystem::is_directory(path) ? nullptr : std::fopen(path.c_str(), mode.c_str());
  if (file == nullptr) throw ScriptError("Can't open the file " + path + " with mode " + mode + ".");
  return data::HandleRef(std::make_shared<OpenFile>(path, file));
}

Value close(CallContext&, std::span<Value> args) {
  auto* handle = args[0].is_handle() ? dynamic_cast<data::UsableHandle*>(args[0].handle().get()) : nullptr;
  if (handle == nullptr) usage_error("close", "X must be an open file or a connection.");
  handle->close();
  return Value::null();
}

Value seek(CallContext&, std::span<Value> args) {
  Arguments a("seek", args);
  const auto offset = a.integer(1, "offset");
  const auto mode = a.text_or(2, "mode", "HEAD");
  if (mode != "HEAD" && mode != "CURRENT" && mode != "TAIL") a.refuse("mode", "must be HEAD, CURRENT or TAIL.");
  const int from = mode == "HEAD" ? SEEK_SET : mode == "CURRENT" ? SEEK_CUR : SEEK_END;
  return file_of("seek", args[0]).with([&](FILE* file) {
    if (fseeko(file, offset, from) != 0) throw ScriptError("seek: the file has no such position.");
    return Value::of_long(ftello(file));
  });
}

constexpr size_t kLineBytesMax = size_t{1} << 28;

/// False at the end of the file. The end of line is dropped.
bool next_line(FILE* file, std::string* line) {
  line->clear();
  int c = 0;
  while ((c = std::getc(file)) != EOF && c != '\n') {
    if (line->size() >= kLineBytesMax) throw ScriptError("readLine: the line is longer than 256 MB.");
    line->push_back(static_cast<char>(c));
  }
  if (c == EOF && line->empty()) return false;
  if (line->ends_with('\r')) line->pop_back();
  return true;
}

Value read_line(CallContext&, std::span<Value> args) {
  return file_of("readLine", args[0]).with([](FILE* file) {
    std::string line;
    return next_line(file, &line) ? Value::of_string(std::move(line)) : Value::null();
  });
}

Value read_lines(CallContext&, std::span<Value> args) {
  const auto count = Arguments("readLines", args).integer_or(1, "length", 1024);
  return file_of("readLines", args[0]).with([&](FILE* file) -> Value {
    std::vector<std::string> lines;
    std::string line;
    while (static_cast<int64_t>(lines.size()) < count && next_line(file, &line)) lines.push_back(line);
    return Vector::of_strings(Type::kString, std::move(lines));
  });
}

Value write_line(CallContext&, std::span<Value> args) {
  Arguments a("writeLine", args);
  write_all(file_of("writeLine", args[0]),
            a.text(1, "string") + (a.flag_or(2, "windowsLineEnding", false) ? "\r\n" : "\n"));
  return Value::of_bool(true);
}

Value write_lines(CallContext&, std::span<Value> args) {
  Arguments a("writeLines", args);
  const auto lines = a.texts(1, "object");
  const auto from = a.integer_or(2, "offset", 0);
  const auto count = a.integer_or(3, "length", static_cast<int64_t>(lines.size()));
  const char* end = a.flag_or(4, "windowsLineEnding", false) ? "\r\n" : "\n";
  if (from < 0) a.refuse("offset", "must not be negative.");
  std::string text;
  int32_t written = 0;
  for (auto i = static_cast<size_t>(from); i < lines.size() && written < count; ++i, ++written) text += lines[i] + end;
  write_all(file_of("writeLines", args[0]), text);
  return Value::of_int(written);
}

Value read_bytes(CallContext& context, std::span<Value> args) {
  const auto count = Arguments("readBytes", args).integer(1, "count");
  constexpr int64_t kBytesMax = int64_t{1} << 31;
  if (count < 0 || count > kBytesMax) usage_error("readBytes", "count must be between 0 and 2147483648.");
  context.reserve_memory(count);
  return file_of("readBytes", args[0]).with([&](FILE* file) -> Value {
    data::Buffer<int8_t> bytes(static_cast<size_t>(count));
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
    return Vector::adopt(Type::kChar, std::move(bytes));
  });
}

Value write_bytes(CallContext&, std::span<Value> args) {
  Arguments a("writeBytes", args);
  std::string text;
  if (args[1].is_text()) {
    text = args[1].text();
  } else {
    const auto bytes = converted("writeBytes", a.vector(1, "bytes"), Type::kChar);
    for (const auto byte : bytes->values<int8_t>()) text.push_back(static_cast<char>(byte));
  }
  write_all(file_of("writeBytes", args[0]), text);
  return Value::of_bool(true);
}

/// Elements of a vector as their bytes in memory, little-endian; how many.
Value write_elements(CallContext&, std::span<Value> args) {
  Arguments a("write", args);
  const auto vector = a.vector(1, "object");
  const int64_t size = static_cast<int64_t>(vector->size()), from = a.integer_or(2, "offset", 0);
  const int64_t count = a.integer_or(3, "length", size - from);
  if (from < 0 || count < 0 || from > size || count > size - from)
    a.refuse("offset", "and length must lie within the object.");
  if (vector->is_array() || !types::is_fixed(vector->repr()) || vector->type() == Type::kSymbol)
    a.refuse("object", "must hold numbers or temporal values; texts are written with writeLine.");
  auto& file = file_of("write", args[0]);
  types::visit_fixed(vector->repr(), [&]<class T>() {
    const auto part = vector->values<T>().subspan(static_cast<size_t>(from), static_cast<size_t>(count));
    write_all(file, {reinterpret_cast<const char*>(part.data()), part.size_bytes()});
  });
  return Value::of_int(static_cast<int32_t>(count));
}

Value flush(CallContext&, std::span<Value> args) {
  write_all(file_of("fflush", args[0]), {});
  return Value::null();
}

}  // namespace

void register_file_handles(Registry& registry) {
  const auto row = [&](Declaration d) { declare(registry, kFamily, Nature::kWhole, std::move(d)); };
  const auto command = [&](Declaration d) { declare(registry, kFamily, Nature::kCommand, std::move(d)); };
  row({"file", "filename, [mode='r'], [isLittleEndian]", open_file, "Opens a file of the node.",
       "f = file(\"/tmp/pelorus-example-d\", \"w\"); f.writeLine(\"one\"); f.close(); f2 = "
       "file(\"/tmp/pelorus-example-d\"); f2.readLine()",
       "\"one\""});
  command({"close",
           "X|handle",
           close,
           "Closes a file or a connection.",
           "f = file(\"/tmp/pelorus-example-e\", \"w\"); f.close()",
           {}});
  row({"seek", "handle, offset, [mode='HEAD']", seek, "Moves the place of the next read or write; where it is then.",
       "f = file(\"/tmp/pelorus-example-f\", \"w\"); f.writeLine(\"one\"); f.seek(0, \"TAIL\")", "4"});
  row({"readLine", "handle", read_line, "The next line, or null at the end.",
       "saveTextFile(\"a\\nb\", \"/tmp/pelorus-example-g\"); file(\"/tmp/pelorus-example-g\").readLine()", "\"a\""});
  row({"readLines", "handle, [length=1024]", read_lines, "The next lines.",
       "saveTextFile(\"a\\nb\", \"/tmp/pelorus-example-h\"); file(\"/tmp/pelorus-example-h\").readLines()",
       "[\"a\",\"b\"]"});
  command({"writeLine", "handle, string, [windowsLineEnding=false]", write_line, "Writes a line.",
           "f = file(\"/tmp/pelorus-example-i\", \"w\"); f.writeLine(\"one\")", "true"});
  command({"writeLines", "handle, object, [offset=0], [length], [windowsLineEnding=false]", write_lines,
           "Writes lines; how many.", "f = file(\"/tmp/pelorus-example-j\", \"w\"); f.writeLines(`a`b)", "2"});
  row({"readBytes", "handle, count", read_bytes, "The next bytes, fewer at the end.",
       "saveTextFile(\"ab\", \"/tmp/pelorus-example-k\"); file(\"/tmp/pelorus-example-k\").readBytes(9)", "[97,98]"});
  command({"write", "handle, object, [offset=0], [length]", write_elements,
           "Writes the elements of a vector as their bytes, little-endian; how many.",
           "f = file(\"/tmp/pelorus-example-m\", \"w\"); f.write(1 2 3h, 1)", "2"});
  command({"fflush",
           "handle",
           flush,
           "Hands everything written to the file to the system.",
           "f = file(\"/tmp/pelorus-example-n\", \"w\"); f.writeLine(\"one\"); f.fflush()",
           {}});
  command({"writeBytes", "handle, bytes", write_bytes, "Writes bytes.",
           "f = file(\"/tmp/pelorus-example-l\", \"w\"); f.writeBytes(\"ab\")", "true"});
}

}  // namespace pelorus::functions
