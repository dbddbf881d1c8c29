#pragma once
// Scripts read from a stream, their printed values written as JSON: what tests/manuals compares.

#include <functional>
#include <iosfwd>
#include <string>

#include "data/value.h"

namespace pelorus::tests {

/// What became of one script.
struct Ran {
  data::Value value;    // VOID where the script has none
  std::string printed;  // what print() showed, a line each
  std::string error;    // empty: it ran
};

/// For every line of `in`, a JSON string holding a script: runs it and writes one line, an object with
///   error: text                      when it failed; else
///   printed, form, text              what print() showed, the form of the value, the value as print() shows it
///   columns: [[head, cell …] …]      of tables and matrices; heads are empty where a matrix has no labels
///   labels: [cell …]                 of matrices with row labels
///   elements: [cell …]               of vectors, sets and tuples
///   entries: [[key, value] …]        of dictionaries
/// Every answer is flushed before the next script is read.
void answer_printed(std::istream& in, std::ostream& out, const std::function<Ran(const std::string&)>& run);

}  // namespace pelorus::tests
