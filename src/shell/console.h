// How the program speaks to a terminal or a pipe: results on stdout, messages and progress on stderr, colour
// only where somebody looks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "shell/exit_code.h"

namespace mlbot::shell {

enum class Colour : std::uint8_t { plain, red, green, yellow, blue, dim, bold };

class Console {
 public:
  struct Options {
    bool json = false;   ///< results as one JSON object
    bool quiet = false;  ///< no progress, no notes
    bool no_colour = false;
  };
  explicit Console(Options options);

  bool json() const { return options_.json; }
  /// A result, on stdout.
  void print(std::string_view text) const;
  void print_json(const Json& value) const;
  /// Rows under headings, columns aligned; numbers to the right.
  void table(const std::vector<std::string>& headings,
             const std::vector<std::vector<std::string>>& rows) const;
  /// A message on stderr; silent with quiet.
  void note(std::string_view text) const;
  /// "mlbot: what happened" on stderr, in red where colour is on; returns `code` for `return
  /// console.fail(...)`.
  ExitCode fail(ExitCode code, std::string_view what) const;
  std::string paint(Colour colour, std::string_view text) const;

 private:
  friend class ProgressBar;
  Options options_;
  bool colour_out_, colour_err_, terminal_err_;
};

/// Progress of long work on stderr: a bar with rate and time left on a terminal, otherwise a line every ten
/// seconds.
class ProgressBar {
 public:
  ProgressBar(const Console& console, std::string what, std::string unit);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` of `total`; draws at most ten times a second.
  void at(double done, double total);
  /// A line of its own about something that went wrong, above the bar; also when quiet.
  void fail(std::string_view what);
  /// The last line: what came of it.
  void finish(std::string_view result);

 private:
  void draw(double done, double total, Instant now);
  const Console& console_;
  std::string what_, unit_;
  Instant started_, drawn_;
  bool begun_ = false;
  double begun_with_ = 0;  ///< what was done before: of a download that goes on
  bool open_ = false;
};

/// "1 234 567" with thin separators for people; never in JSON.
std::string grouped(std::int64_t value);

}  // namespace mlbot::shell
