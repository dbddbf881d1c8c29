#pragma once
// Script text to syntax trees. Names are checked while parsing, before anything runs.

#include <string>
#include <string_view>
#include <vector>

#include "syntax/sql.h"
#include "syntax/statement.h"

namespace pelorus::syntax {

/// What the parser may ask about names it does not define itself. Answers hold for the moment of parsing.
class NameOracle {
 public:
  virtual ~NameOracle() = default;
  /// A session variable or shared object.
  virtual bool is_variable(std::string_view name) const = 0;
  /// A shared object: also visible inside function bodies.
  virtual bool is_shared(std::string_view name) const = 0;
  /// A built-in, session function, function view or imported module function; also qualified a::b::f.
  virtual bool is_function(std::string_view name) const = 0;
  /// The same before a name is refused: what is_function() may not have heard of yet counts, too, and asking may take
  /// time.
  virtual bool is_function_after_all(std::string_view name) const { return is_function(name); }
  /// A function of the session, which a later `def` may replace; built-ins may not be redefined.
  virtual bool is_redefinable(std::string_view name) const = 0;
  /// Names of the fields and methods of a class of the session, those of its bases included; empty when it is none.
  virtual std::vector<std::string> class_members(std::string_view name) const {
    (void)name;
    return {};
  }
  /// True when `function` has a parameter of that name: tells `f(a = 1)` inside a query from a comparison.
  virtual bool has_parameter(std::string_view function, std::string_view parameter) const = 0;
};

/// Knows nothing and therefore accepts every name; for tools that only look at structure. Capital names of one or two
/// letters are taken for template signs (f:E), not for variables.
class AnyName final : public NameOracle {
 public:
  bool is_variable(std::string_view name) const override { return name.size() > 2 || name[0] > 'Z'; }
  bool is_shared(std::string_view name) const override { return is_variable(name); }
  bool is_function(std::string_view) const override { return false; }
  bool is_redefinable(std::string_view) const override { return true; }
  bool has_parameter(std::string_view, std::string_view) const override { return false; }
};

/// Nesting of brackets, blocks and expressions; and terms of one unparenthesised expression.
inline constexpr int kNestingMax = 500;
inline constexpr int kTermsMax = 4000;
/// The class every monitor of complex event processing has as its base; built in.
inline constexpr std::string_view kMonitorClass = "CEPMonitor";

/// One part of a script: what stands between two `go` lines. Each part is parsed after the parts before it ran.
struct ScriptPart {
  std::vector<StatementRef> statements;
  size_t resume_at = 0;  // token where the next part begins
  bool last = true;
};

/// Reads a script part by part. Keeps the text's tokens.
class ScriptParser {
 public:
  /// Errors: ScriptError for malformed tokens anywhere in the text.
  explicit ScriptParser(std::string_view text);
  ~ScriptParser();
  bool done() const;
  /// The next part. Errors: ScriptError "Syntax Error: [line #N] …".
  ScriptPart next(const NameOracle& names);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One expression (also a query, lambda or definition); anything after it is an error. Of JSON objects one after the
/// other, as records come, the first is read.
ExprRef parse_expression(std::string_view text, const NameOracle& names);

}  // namespace pelorus::syntax
