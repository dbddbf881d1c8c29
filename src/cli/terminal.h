#pragma once
// Where the tool writes: data to `out`, everything else to `err`.

#include <map>
#include <ostream>
#include <string>
#include <string_view>

namespace pelorus::cli {

enum class Colour : uint8_t { kNone, kGood, kBad, kStrong, kFaint };

/// Collaborator of every command; tests give it string streams.
class Terminal {
 public:
  struct Facts {
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool colour = false;
    size_t width = 80;  // columns of `out`
  };
  Terminal(std::ostream& out, std::ostream& err, Facts facts) : out_(out), err_(err), facts_(facts) {}
  /// Of this process: standard output and error; colour is off for NO_COLOR and TERM=dumb.
  static Terminal of_process();

  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }
  const Facts& facts() const { return facts_; }
  /// For `out`. Colour never carries meaning alone.
  std::string paint(Colour colour, std::string_view text) const;
  /// "pelorus: <text>" to `err`.
  void complain(std::string_view text) { err_ << "pelorus: " << text << std::endl; }

 private:
  std::ostream& out_;
  std::ostream& err_;
  const Facts facts_;
};

/// Columns that UTF-8 text takes on a terminal; East Asian wide characters count two.
size_t width_of(std::string_view text);
/// `text` cut to `columns` and filled with blanks, at the left when `to_the_right`.
std::string fit(std::string_view text, size_t columns, bool to_the_right);
/// 1234567 as "1,234,567".
std::string with_commas(int64_t number);

}  // namespace pelorus::cli
