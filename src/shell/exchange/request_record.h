// What was asked of the exchange, one JSON line a request, so that the requests of two clients can be laid
// side by side. Shows keys and signatures, never a secret; the file is only ever appended to.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/net/http_types.h"

namespace mlbot::shell {

class RequestRecord {
 public:
  /// @error names the file and the remedy.
  static Result<std::unique_ptr<RequestRecord>, std::string> open(const std::string& path);

  /// A REST request and the code of its answer:
  /// {"transport":"rest","method","path","query","body","headers":{X-BAPI…},"verdict":0}
  void write(const io::net::HttpRequest& request, std::int32_t code);
  /// A message on a WebSocket as it came: {"transport":"ws","path","text"}.
  void write(std::string_view path, std::string_view text);

 private:
  struct Closes {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit RequestRecord(std::FILE* file) : file_{file} {}
  void line(const std::string& text);
  std::unique_ptr<std::FILE, Closes> file_;
};

}  // namespace mlbot::shell
