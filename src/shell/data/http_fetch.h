// One file over HTTP, piece by piece, so that whatever breaks it off loses at most one piece.
//
// Bytes go to PATH.part in order; PATH.part.json beside it holds where they are from and by which mark (ETag,
// or the date of the last change) the server told its version. A later fetch goes on behind the bytes that
// are there and sends that mark with If-Range, so that a file that changed meanwhile starts anew. Without a
// mark it always starts anew. A server that answers with the whole file at once is good up to 32 MiB,
// io/net's limit. Timeouts, lost connections, 408 and 5xx are tried again after a pause that doubles, with
// chance in it, and after a timeout with half the piece; everything else is an answer. What is complete here
// is not yet checked.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/prng.h"
#include "base/result.h"
#include "io/net/links.h"

namespace mlbot::shell {

struct FetchSettings {
  std::size_t piece_bytes = 4 << 20, piece_bytes_min = 64 << 10;
  Duration timeout = 60s;  ///< of one piece
  int tries = 6;           ///< of one piece
  Duration pause = 1s, pause_max = 30s;
  std::uint64_t seed = 1;  ///< of the chance in the pauses
};

enum class FetchFault : std::uint8_t {
  not_published,  ///< 404, 410
  protocol,       ///< an answer that is of no use; this file cannot be had from there
  refused,        ///< 403, 429 and their like: asking on makes it worse
  network,        ///< not reachable, also when tried again
  disk,
  interrupted  ///< asked to stop; the piece under way is lost, the bytes before it are not
};
struct FetchError {
  FetchFault fault;
  std::string what;  ///< names the URL or the path, and the remedy
};

struct Fetched {
  std::uint64_t bytes = 0;
  std::string etag;  ///< or the date of the last change; "" when the server told neither
};

class HttpFetch {
 public:
  /// @param stopped  asked about every 50 ms
  HttpFetch(io::net::EventLoop& loop, FetchSettings settings, std::function<bool()> stopped);

  /// Fetches into `path`.part. @param progress  bytes that are there, and of how many
  Result<Fetched, FetchError> fetch(const std::string& url, const std::string& path,
                                    const std::function<void(std::uint64_t, std::uint64_t)>& progress);
  /// Removes what fetch() left of `path`.
  static void discard(const std::string& path);
  /// Gives what fetch() completed its name.
  static Result<void, FetchError> keep(const std::string& path);

 private:
  class Part;
  class Transfer;
  /// Nothing when asked to stop.
  std::optional<Result<io::net::HttpResponse, io::net::NetError>> ask(const io::net::Url& url,
                                                                      io::net::Headers headers);
  bool pause_after(int failures);  ///< false when asked to stop

  io::net::EventLoop& loop_;
  FetchSettings settings_;
  std::function<bool()> stopped_;
  Prng chance_;
  std::map<std::string, std::unique_ptr<io::net::HttpLink>> links_;  ///< by origin
};

}  // namespace mlbot::shell
