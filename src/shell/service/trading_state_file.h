// The state of trading on disk: a few bytes that are synced before the state takes effect, so that what was
// paused or killed stays so over a crash at any instant.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/event.h"

namespace mlbot::shell {

/// Nothing when there is no file yet. A file that cannot be read or makes no sense is an error that names it
/// and the remedy: whoever starts then must start halted.
Result<std::optional<Carried>, std::string> load_trading_state(const std::string& path);

/// What a start takes over: freedom is never read out of a damaged file, that is a halt.
/// @param note  hears what a person should know
Carried take_over_trading_state(const std::string& path, const std::function<void(std::string_view)>& note);

/// Replaces the file as a whole, synced with its directory. Readable text: an operator may look at it.
Result<void, std::string> save_trading_state(const std::string& path, const Carried& carried);

/// Whether what is kept must be replaced: at once when the state or its cause changed, after ten seconds when
/// only the day's figures did.
/// @param since  the last time that it was replaced.
bool must_keep(const Carried& wanted, const Carried& kept, Duration since);

/// Keeps the file as the core wants it, by the rule of must_keep. One writer.
class TradingStateFile {
 public:
  TradingStateFile(std::string path, const Carried& found) : path_{std::move(path)}, written_{found} {}

  /// @return the trouble with the disk, once for each new one
  std::optional<std::string> keep(const Carried& wanted, Instant now);

 private:
  std::string path_;
  Carried written_;
  Instant written_at_{};
  std::string trouble_;
};

}  // namespace mlbot::shell
