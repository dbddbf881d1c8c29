#include "wire/response.h"

#include <algorithm>

#include "data/convert.h"

namespace pelorus::wire {
namespace {

using data::Shared;
using data::Table;
using data::Type;
using data::Value;
using data::Vector;

std::string header(uint64_t session, int objects) {
  return std::to_string(session) + " " + std::to_string(objects) + " 1\n";
}

/// Decimals of a column as doubles; other columns as they are.
Shared<Vector> as_double(const Shared<Vector>& column) {
  if (column->is_array()) {
    if (!types::is_decimal(column->flat().type())) return column;
    auto flat = data::convert(column->flat_shared(), Type::kDouble);
    if (!flat) return column;
    return Shared<Vector>(Vector::array(*flat, {column->ends().begin(), column->ends().end()}));
  }
  if (!types::is_decimal(column->type())) return column;
  return data::convert(column, Type::kDouble).value_or(column);
}

Value without_decimals(const Value& value) {
  if (value.is_scalar() && types::is_decimal(value.type())) {
    return Value::of_double(value.scalar().as_double());
  }
  if (value.is_vector()) return Value(as_double(value.vector_shared()));
  if (!value.is_plain_table()) return value;
  const auto& table = value.table();
  std::vector<Shared<Vector>> columns;
  for (size_t c = 0; c < table.columns(); ++c) columns.push_back(as_double(table.column_shared(c)));
  return Value(Table(table.names(), std::move(columns)));
}

/// `rows`: of the whole table, when only its first ones follow.
std::string cut_header(uint64_t session, size_t rows) {
  return std::to_string(session) + " 1 1 " + std::to_string(rows) + "\n";
}

constexpr std::string_view kOk = "OK\n";

}  // namespace

std::string error_response(uint64_t session, std::string_view text) {
  size_t size = std::min(text.size(), kErrorBytesMax - 1);
  while (size < text.size() && size > 0 && (static_cast<uint8_t>(text[size]) & 0xC0) == 0x80) --size;
  std::string line(text.substr(0, size));
  for (auto& c : line) {
    if (c == '\n' || c == '\r' || c == '\0') c = ' ';
  }
  if (line.empty() || line == "OK") line = "The request failed without an explanation: " + line;
  return header(session, 0) + line + "\n";
}

std::string message_frame(std::string_view text) {
  std::string frame = "MSG\n";
  frame.append(text.substr(0, text.find('\0')));
  frame.push_back('\0');
  return frame;
}

ResultEncoder::ResultEncoder(std::optional<Value> result, ResultOptions options)
    : options_(options), result_(std::move(result)) {
  if (result_ && options_.no_decimals) result_ = without_decimals(*result_);
}

Result<bool> ResultEncoder::begin(Chain& out) {
  begun_ = true;
  if (!result_) {
    out.put_text(header(options_.session, 0));
    out.put_text(kOk);
    return true;
  }
  const bool stored = result_->is_table_object() && result_->table_object()->is_stored();
  if (!result_->is_table() || stored) {
    auto head = header(options_.session, 1);
    if (result_->is_vector() && exceeds(result_->vector().size())) {
      head = cut_header(options_.session, result_->vector().size());
      result_ = Value(result_->vector().slice(0, static_cast<size_t>(options_.rows_max)));
    }
    Chain object;
    TRY_DONE(encode(*result_, object));
    out.put_text(head);
    out.put_text(kOk);
    out.append(std::move(object));
    return true;
  }
  if (result_->is_table_object()) {
    TRY(table_, result_->table_object()->snapshot());
    if (options_.no_decimals) table_ = without_decimals(Value(table_)).table();
  } else {
    table_ = result_->table();
  }
  auto head = header(options_.session, 1);
  if (exceeds(table_.rows())) {
    head = cut_header(options_.session, table_.rows());
    table_ = table_.slice(0, static_cast<size_t>(options_.rows_max));
  }
  if (table_.rows() > INT32_MAX && options_.fetch_size == 0) {
    return Error{ErrorCode::kLimit, "The result has more than 2147483647 rows and cannot be sent at once: " +
                                        std::to_string(table_.rows()) + ". Use fetchSize."};
  }
  out.put_text(head);
  out.put_text(kOk);
  if (options_.fetch_size > 0) {
    const auto rows = static_cast<size_t>(options_.fetch_size);
    blocks_ = std::max<size_t>(1, (table_.rows() + rows - 1) / rows);
    out.put(static_cast<uint8_t>(Type::kAny));
    out.put(static_cast<uint8_t>(data::Form::kVector));
    out.put(static_cast<int32_t>(blocks_));
    out.put(int32_t{1});
  }
  return false;
}

size_t ResultEncoder::rows_of_block() const {
  if (options_.fetch_size <= 0) return table_.rows();
  const auto rows = static_cast<size_t>(options_.fetch_size);
  return std::min(rows, table_.rows() - block_ * rows);
}

Status ResultEncoder::next_column(Chain& out, size_t bytes_wanted) {
  const size_t rows = rows_of_block();
  if (!block_header_written_) {
    encode_table_header(table_, rows, out);
    block_header_written_ = true;
  }
  if (column_ < table_.columns()) {
    const ColumnShape shape{.slice = {.from = block_ * static_cast<size_t>(options_.fetch_size), .count = rows},
                            .symbol_base_id = static_cast<int32_t>(column_)};
    TRY(const bool complete, encode_column(table_.column(column_), shape, position_, bytes_wanted, out));
    if (!complete) return {};
    ++column_;
    position_ = {};
  }
  if (column_ == table_.columns()) {
    ++block_;
    column_ = 0;
    block_header_written_ = false;
  }
  return {};
}

Result<bool> ResultEncoder::next(Chain& out, size_t bytes_wanted) {
  if (!begun_) {
    TRY(const bool complete, begin(out));
    if (complete) return true;
  }
  out.keep(Value(table_));  // a copy shares the columns
  while (block_ < blocks_ && out.size() < bytes_wanted) TRY_DONE(next_column(out, bytes_wanted));
  return block_ == blocks_;
}

}  // namespace pelorus::wire
