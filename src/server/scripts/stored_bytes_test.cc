// docs/formats/stored_object.md: files of models, modules and tables; what damage does to them.

#include "base/stored_bytes.h"

#include "base/script_error.h"

#include "dist/partition_messages.h"
#include "functions/builtins/register_builtins.h"
#include "io/memory_file_system.h"
#include "server/scripts/file_tables.h"
#include "server/scripts/modules.h"
#include "server/scripts/stored_object.h"

namespace pelorus::server {
namespace {

using data::Dictionary;
using data::Value;
using data::Vector;
using types::Scalar;
using types::Type;

Value model() {
  Dictionary model(Type::kString, Type::kAny, true);
  Vector beta(Type::kDouble, 2);
  beta.edit<double>() = {0.5, -2};
  model.set(Scalar::of_string("modelName"), Value::of_string("line"));
  model.set(Scalar::of_string("beta"), beta);
  functions::Registry registry;
  functions::register_builtins(registry);
  model.set(Scalar::of_string("predict"), data::FunctionRef(registry.find("polyPredict")));
  return model;
}

data::Table rows() {
  Vector numbers(Type::kInt, 2);
  numbers.edit<int32_t>() = {7, types::kNull<int32_t>};
  return data::Table({"v", "s"}, {numbers, Vector::of_strings(Type::kString, {"a", ""})});
}

TEST(StoredBytes, model) {
  check_stored("stored_object_model", stored_object(StoredKind::kModel, *pack_model(model())),
               [](const std::string& bytes) {
                 const auto read = unpack_model(*stored_payload(bytes, StoredKind::kModel));
                 ASSERT_TRUE(read.ok()) << read.error().message;
                 const auto& entries = read->dictionary();
                 EXPECT_TRUE(entries.ordered());
                 EXPECT_EQ(entries.keys().text_at(0), "modelName");
                 EXPECT_EQ(entries.get(std::string_view("beta")).vector().values<double>()[1], -2);
                 EXPECT_EQ(entries.get(std::string_view("predict")).function()->print(), "polyPredict");
               });
}

TEST(StoredBytes, module) {
  const std::string text = "module a\ndef f(x) { return x }\n";
  check_stored("stored_object_module", stored_object(StoredKind::kModule, text), [&](const std::string& bytes) {
    const auto read = stored_payload(bytes, StoredKind::kModule);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, text);
  });
}

TEST(StoredBytes, file_table) {
  check_stored("stored_object_table", stored_object(StoredKind::kTable, *dist::pack_table(rows())),
               [](const std::string& bytes) {
                 const auto read = dist::unpack_table(*stored_payload(bytes, StoredKind::kTable));
                 ASSERT_TRUE(read.ok()) << read.error().message;
                 EXPECT_TRUE(data::equal(Value(*read), Value(rows())));
               });
}

TEST(StoredObject, every_changed_or_missing_byte_is_noticed) {
  const auto whole = stored_object(StoredKind::kModule, "module a\n");
  for (size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_FALSE(stored_payload(changed, StoredKind::kModule).ok()) << at;
    EXPECT_FALSE(stored_payload(whole.substr(0, at), StoredKind::kModule).ok()) << at;
  }
  EXPECT_FALSE(stored_payload(whole + "x", StoredKind::kModule).ok());
  EXPECT_FALSE(stored_payload(whole, StoredKind::kModel).ok());
  EXPECT_TRUE(stored_payload(whole, StoredKind::kModule).ok());
}

TEST(StoredObject, models_hold_nothing_of_the_session) {
  class Lambda final : public data::FunctionObject {
   public:
    Kind kind() const override { return Kind::kUser; }
    std::string print() const override { return "x -> x"; }
    bool is_aggregate() const override { return false; }
  };
  Dictionary with_function(Type::kString, Type::kAny);
  with_function.set(Scalar::of_string("f"), data::FunctionRef(std::make_shared<Lambda>()));
  EXPECT_FALSE(pack_model(Value(with_function)).ok());
  Dictionary nested(Type::kString, Type::kAny);
  nested.set(Scalar::of_string("inside"), Value(Vector::tuple({Value(with_function)})));
  EXPECT_FALSE(pack_model(Value(nested)).ok());
  EXPECT_FALSE(pack_model(Value::of_int(1)).ok());
}

TEST(FileTables, tables_are_replaced_found_and_dropped) {
  io::MemoryFileSystem files;
  StoredFileTables tables(files);
  EXPECT_FALSE(*tables.exists("/d/e", "t"));
  EXPECT_EQ(tables.load("/d/e", "t").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(tables.save("/d/e", "t", rows()).ok());
  ASSERT_TRUE(tables.save("/d/e", "t", rows().slice(0, 1)).ok());
  EXPECT_EQ(tables.load("/d/e", "t")->rows(), 1u);
  ASSERT_TRUE(io::replace_file(files, "/d/e/t.table", "damage").ok());
  EXPECT_EQ(tables.load("/d/e", "t").error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(tables.drop("/d/e", "t").ok());
  EXPECT_FALSE(*tables.exists("/d/e", "t"));
}

TEST(ModuleFiles, a_compiled_module_comes_before_its_text) {
  io::MemoryFileSystem files;
  ASSERT_TRUE(files.make_directories("/modules/a").ok());
  ASSERT_TRUE(io::replace_file(files, "/modules/a/b.dos", "text").ok());
  const ModuleFiles modules(files, "/modules");
  EXPECT_EQ(modules.read("a::b"), "text");
  EXPECT_EQ(modules.read("a::c"), std::nullopt);
  EXPECT_EQ(modules.read("a::../b"), std::nullopt);
  ASSERT_TRUE(io::replace_file(files, "/modules/a/b.dom", stored_object(StoredKind::kModule, "compiled")).ok());
  EXPECT_EQ(modules.read("a::b"), "compiled");
  ASSERT_TRUE(io::replace_file(files, "/modules/a/b.dom", "damage").ok());
  EXPECT_THROW(modules.read("a::b"), ScriptError);
}

}  // namespace
}  // namespace pelorus::server
