#include "shell/data/http_fetch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "base/json.h"
#include "io/files/files.h"

namespace mlbot::shell {
namespace {

namespace net = io::net;

constexpr int restarts_max = 3;
constexpr std::uint64_t spare_disk_bytes = 64 << 20;

std::string part_of(const std::string& path) { return path + ".part"; }
std::string note_of(const std::string& path) { return path + ".part.json"; }

std::unexpected<FetchError> disk_error(int number, std::string_view doing, const std::string& path) {
  return std::unexpected{FetchError{FetchFault::disk, io::files::file_error(number, doing, path).what}};
}

struct ContentRange {
  std::uint64_t first = 0, last = 0, total = 0;
};

/// "bytes 0-99/1234"; a total that the server does not know is of no use.
std::optional<ContentRange> content_range(std::string_view text) {
  ContentRange out;
  const auto number = [&](std::string_view before, std::uint64_t& value) {
    if (!text.starts_with(before)) return false;
    text.remove_prefix(before.size());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
  };
  if (!number("bytes ", out.first) || !number("-", out.last) || !number("/", out.total) || !text.empty() ||
      out.first > out.last || out.last >= out.total)
    return std::nullopt;
  return out;
}

/// What If-Range may carry: a strong ETag, else the date of the last change.
std::string mark_of(const net::Headers& headers) {
  const auto etag = net::header(headers, "ETag");
  if (etag.starts_with('"')) return std::string{etag};
  return std::string{net::header(headers, "Last-Modified")};
}

bool passes_by_itself(net::NetFault fault) {
  return fault == net::NetFault::timeout || fault == net::NetFault::closed ||
         fault == net::NetFault::refused || fault == net::NetFault::resolve;
}

}  // namespace

/// The bytes so far and what is known of the file that they are of.
class HttpFetch::Part {
 public:
  static Result<Part, FetchError> open(const std::string& url, const std::string& path) {
    Part part{url, path};
    if (const auto made = io::files::make_directories(std::filesystem::path{path}.parent_path()); !made)
      return std::unexpected{FetchError{FetchFault::disk, made.error().what}};
    part.descriptor_ = ::open(part_of(path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    struct ::stat status{};
    if (part.descriptor_ < 0 || ::fstat(part.descriptor_, &status) != 0)
      return disk_error(errno, "open", part_of(path));
    part.size_ = static_cast<std::uint64_t>(status.st_size);
    part.read_note();
    const bool goes_on = !part.mark_.empty() && part.total_ && part.size_ <= *part.total_;
    if (!goes_on)
      if (auto fresh = part.restart(); !fresh) return std::unexpected{fresh.error()};
    return part;
  }
  Part(Part&& other) noexcept
      : url_{std::move(other.url_)},
        path_{std::move(other.path_)},
        descriptor_{std::exchange(other.descriptor_, -1)},
        size_{other.size_},
        total_{other.total_},
        mark_{std::move(other.mark_)} {}
  ~Part() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  std::uint64_t size() const { return size_; }
  const std::optional<std::uint64_t>& total() const { return total_; }
  const std::string& mark() const { return mark_; }
  bool complete() const { return total_ && size_ == *total_; }

  Result<void, FetchError> restart() {
    if (::ftruncate(descriptor_, 0) != 0) return disk_error(errno, "empty", part_of(path_));
    size_ = 0;
    total_.reset();
    mark_.clear();
    return {};
  }
  /// From the first answer; refuses what the disk cannot hold.
  Result<void, FetchError> describe(std::uint64_t total, std::string mark) {
    const auto free = io::files::free_space(part_of(path_));
    if (free && *free < total - size_ + spare_disk_bytes)
      return std::unexpected{
          FetchError{FetchFault::disk,
                     fmt::format("{} needs {} MB more and the disk has {} MB: free some space, or choose a "
                                 "directory on another disk",
                                 path_, (total - size_) >> 20, *free >> 20)}};
    total_ = total;
    mark_ = std::move(mark);
    const Json note{{"url", url_}, {"mark", mark_}, {"bytes", total}};
    if (const auto written = io::files::write_file_atomically(note_of(path_), note.dump() + "\n"); !written)
      return std::unexpected{FetchError{FetchFault::disk, written.error().what}};
    return {};
  }
  Result<void, FetchError> append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return disk_error(errno, "write", part_of(path_));
      size_ += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

 private:
  Part(std::string url, std::string path) : url_{std::move(url)}, path_{std::move(path)} {}
  void read_note() {
    const auto bytes = io::files::read_file(note_of(path_));
    const auto note = bytes ? Json::parse(*bytes, nullptr, false) : Json{};
    if (!note.is_object() || !note.contains("url") || note["url"] != url_) return;
    const auto mark = note.find("mark"), total = note.find("bytes");
    if (mark == note.end() || !mark->is_string() || total == note.end() || !total->is_number_unsigned())
      return;
    mark_ = mark->get<std::string>();
    total_ = total->get<std::uint64_t>();
  }

  std::string url_, path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::optional<std::uint64_t> total_;
  std::string mark_;
};

/// One fetch: answers in, bytes into the part. After each answer: an error, or on with the next piece.
class HttpFetch::Transfer {
 public:
  Transfer(std::string url, Part part, const FetchSettings& settings)
      : url_{std::move(url)}, part_{std::move(part)}, settings_{settings}, piece_{settings.piece_bytes} {}

  const Part& part() const { return part_; }
  /// Failures of this piece in a row; after each a pause is due.
  int failures() const { return failures_; }

  net::Headers headers() const {
    net::Headers out{{"Range", fmt::format("bytes={}-{}", part_.size(), part_.size() + piece_ - 1)}};
    if (part_.size() > 0 && !part_.mark().empty()) out.emplace_back("If-Range", part_.mark());
    return out;
  }

  Result<void, FetchError> take(const Result<net::HttpResponse, net::NetError>& answer) {
    const int failures_before = std::exchange(failures_, 0);
    if (!answer) return take_fault(answer.error(), failures_before);
    const int status = answer->status;
    if (status == 206) return take_piece(*answer);
    if (status == 200) return take_whole(*answer);
    if (status == 404 || status == 410)
      return fail(FetchFault::not_published,
                  "not published yet, or never: HTTP {}; the archives of a day appear on the next", status);
    if (status == 416) return begin_anew("the server knows no bytes behind those that are here");
    if (status == 408 || status >= 500) return try_again(fmt::format("HTTP {}", status), failures_before);
    if (status == 429)
      return fail(FetchFault::refused, "too many requests (HTTP 429{}): run it again later, it goes on here",
                  retry_after(answer->headers));
    if (status == 401 || status == 403 || status == 451)
      return fail(FetchFault::refused,
                  "the server refuses us (HTTP {}): this address or region may be shut out; wait, or name a "
                  "mirror with --source",
                  status);
    if (status >= 300 && status < 400)
      return fail(FetchFault::protocol, "moved (HTTP {}) to \"{}\": name that origin with --source", status,
                  net::header(answer->headers, "Location"));
    return fail(FetchFault::protocol, "HTTP {}, of which nothing can be made", status);
  }

 private:
  template <class... Values>
  std::unexpected<FetchError> fail(FetchFault fault, fmt::format_string<Values...> what,
                                   Values&&... values) const {
    return std::unexpected{
        FetchError{fault, url_ + ": " + fmt::format(what, std::forward<Values>(values)...)}};
  }
  static std::string retry_after(const net::Headers& headers) {
    const auto text = net::header(headers, "Retry-After");
    return text.empty() ? "" : fmt::format(", Retry-After {}", text);
  }

  Result<void, FetchError> try_again(std::string_view why, int failures_before) {
    failures_ = failures_before + 1;
    if (failures_ < settings_.tries) return {};
    return fail(FetchFault::network, "{}, {} times in a row: run it again later, it goes on here", why,
                settings_.tries);
  }
  Result<void, FetchError> take_fault(const net::NetError& error, int failures_before) {
    if (error.fault == net::NetFault::too_large) {
      if (part_.size() > 0) return begin_anew("it changed");  // the whole new file came instead of a piece
      return fail(FetchFault::protocol,
                  "the server sends files only whole, and this one is larger than 32 MiB: name a mirror "
                  "with --source that serves ranges");
    }
    if (!passes_by_itself(error.fault)) return fail(FetchFault::network, "{}", error.what);
    if (error.fault == net::NetFault::timeout) piece_ = std::max(piece_ / 2, settings_.piece_bytes_min);
    return try_again(error.what, failures_before);
  }
  Result<void, FetchError> begin_anew(std::string_view why) {
    if (++restarts_ > restarts_max)
      return fail(FetchFault::protocol, "{}, {} times while it was fetched: run it again later", why,
                  restarts_);
    return part_.restart();
  }
  Result<void, FetchError> take_piece(const net::HttpResponse& answer) {
    const auto range = content_range(net::header(answer.headers, "Content-Range"));
    if (!range || range->first != part_.size() || answer.body.size() != range->last - range->first + 1)
      return fail(FetchFault::protocol, "bytes from {} on were asked for and \"{}\" came with {} bytes",
                  part_.size(), net::header(answer.headers, "Content-Range"), answer.body.size());
    const auto mark = mark_of(answer.headers);
    if (part_.size() > 0 && (range->total != part_.total() || (!mark.empty() && mark != part_.mark())))
      return begin_anew("it changed");
    if (part_.size() == 0)
      if (auto described = part_.describe(range->total, mark); !described) return described;
    return part_.append(answer.body);
  }
  Result<void, FetchError> take_whole(const net::HttpResponse& answer) {
    if (auto fresh = part_.restart(); !fresh) return fresh;
    if (auto described = part_.describe(answer.body.size(), mark_of(answer.headers)); !described)
      return described;
    return part_.append(answer.body);
  }

  std::string url_;
  Part part_;
  const FetchSettings& settings_;
  std::uint64_t piece_;
  int failures_ = 0, restarts_ = 0;
};

HttpFetch::HttpFetch(net::EventLoop& loop, FetchSettings settings, std::function<bool()> stopped)
    : loop_{loop}, settings_{settings}, stopped_{std::move(stopped)}, chance_{settings.seed} {}

Result<Fetched, FetchError> HttpFetch::fetch(
    const std::string& url, const std::string& path,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const auto parsed = net::parse_url(url);
  if (!parsed) return std::unexpected{FetchError{FetchFault::protocol, parsed.error().what}};
  auto part = Part::open(url, path);
  if (!part) return std::unexpected{part.error()};
  Transfer transfer{url, std::move(*part), settings_};
  const FetchError interrupted{FetchFault::interrupted,
                               url + ": interrupted; run it again and it goes on where it stopped"};
  while (!transfer.part().complete()) {
    const auto answer = ask(*parsed, transfer.headers());
    if (!answer) return std::unexpected{interrupted};
    if (auto taken = transfer.take(*answer); !taken) return std::unexpected{taken.error()};
    if (transfer.failures() > 0 && !pause_after(transfer.failures())) return std::unexpected{interrupted};
    if (transfer.part().total()) progress(transfer.part().size(), *transfer.part().total());
  }
  return Fetched{transfer.part().size(), transfer.part().mark()};
}

std::optional<Result<net::HttpResponse, net::NetError>> HttpFetch::ask(const net::Url& url,
                                                                       net::Headers headers) {
  auto& link = links_[fmt::format("{}://{}:{}", url.scheme, url.host, url.port)];
  if (!link) {
    net::Url origin = url;
    origin.target = "/";
    link = std::make_unique<net::HttpLink>(loop_, origin, 1);
  }
  // Shared: an answer may come after we were asked to stop.
  auto got = std::make_shared<std::optional<Result<net::HttpResponse, net::NetError>>>();
  link->request({.target = url.target, .headers = std::move(headers)}, settings_.timeout,
                [got](Result<net::HttpAnswer, net::NetError> answer) {
                  if (answer)
                    got->emplace(std::move(answer->response));
                  else
                    got->emplace(std::unexpected{answer.error()});
                });
  while (!*got) {
    if (stopped_()) return std::nullopt;
    loop_.run_one(50ms);
  }
  return std::move(*got);
}

bool HttpFetch::pause_after(int failures) {
  const Duration doubled = settings_.pause * (std::int64_t{1} << std::min(failures - 1, 16));
  const Duration longest = std::min(doubled, settings_.pause_max);
  const auto pause =
      Duration{static_cast<std::int64_t>(static_cast<double>(longest.count()) * chance_.uniform(0.5, 1.0))};
  auto over = std::make_shared<bool>(false);
  const auto timer = loop_.call_after(pause, [over] { *over = true; });
  while (!*over) {
    if (stopped_()) {
      loop_.cancel(timer);
      return false;
    }
    loop_.run_one(50ms);
  }
  return true;
}

void HttpFetch::discard(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove(part_of(path), ignored);
  std::filesystem::remove(note_of(path), ignored);
}

Result<void, FetchError> HttpFetch::keep(const std::string& path) {
  const int descriptor = ::open(part_of(path).c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!flushed) return disk_error(error, "flush", part_of(path));
  if (::rename(part_of(path).c_str(), path.c_str()) != 0) return disk_error(errno, "rename", part_of(path));
  discard(path);
  if (const auto synced = io::files::sync_directory(std::filesystem::path{path}.parent_path()); !synced)
    return std::unexpected{FetchError{FetchFault::disk, synced.error().what}};
  return {};
}

}  // namespace mlbot::shell
