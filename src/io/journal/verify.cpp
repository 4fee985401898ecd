#include "io/journal/verify.h"

#include <fmt/format.h>

#include <filesystem>

#include "io/journal/quarantine.h"

namespace mlbot::io::journal {
namespace {

class Verifier {
 public:
  Verifier(const std::string& directory, const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : directory_{directory}, progress_{progress} {}

  Result<JournalVerification, JournalError> run() {
    auto segments = list_segments(directory_);
    if (!segments) return std::unexpected{segments.error()};
    auto manifest = Manifest::load(directory_);
    if (!manifest) return std::unexpected{manifest.error()};
    for (const auto& finding : manifest->findings()) find(directory_ + "/manifest.jsonl", finding);
    for (const auto& row : manifest->rows()) {
      out_.removed += row.state == SegmentState::removed;
      out_.chain = row.chain;
      if (row.state != SegmentState::removed) total_ += row.facts.plain_bytes;
      const bool there = std::ranges::any_of(
          *segments, [&](const SegmentPath& segment) { return segment.first == row.name; });
      if (row.state != SegmentState::removed && !there)
        find(directory_ + "/" + row.file, "the segment is missing; restore it from a backup", row.facts.first,
             row.facts.last);
    }
    for (std::size_t i = 0; i < segments->size(); ++i) {
      const auto& segment = (*segments)[i];
      if (auto seen = look(segment, manifest->find(segment.first), i + 1 == segments->size()); !seen)
        return std::unexpected{seen.error()};
    }
    return std::move(out_);
  }

 private:
  void find(const std::string& segment, const std::string& what, Sequence first = {}, Sequence last = {},
            std::string aside = {}) {
    out_.findings.push_back(
        {segment, what, {first.number > 0 ? first.number - 1 : 0}, last.next(), std::move(aside)});
    if (first == Sequence{} && last == Sequence{}) out_.findings.back().before = {};
  }

  Result<void, JournalError> look(const SegmentPath& segment, const ManifestRow* row, bool newest) {
    const std::uint64_t before = out_.plain_bytes;
    auto facts = read_segment(
        segment.path, [&](std::string_view bytes, const SegmentBlock& block) -> Result<void, JournalError> {
          if (progress_)
            progress_(before + block.plain_at + bytes.size(),
                      std::max(total_, before + block.plain_at + bytes.size()));
          return {};
        });
    if (!facts && facts.error().fault == JournalFault::not_found) return {};  // closed or removed meanwhile
    if (!facts) return std::unexpected{facts.error()};
    std::error_code ignored;
    const auto size = std::filesystem::file_size(segment.path, ignored);
    ++out_.segments;
    out_.closed += row != nullptr;
    out_.records += facts->records;
    out_.events += facts->events;
    out_.plain_bytes += facts->plain_bytes;
    out_.file_bytes += ignored ? 0 : size;
    compare(segment, *facts, row);
    if (newest)
      out_.torn_bytes = facts->torn_bytes;
    else if (facts->torn_bytes > 0)
      find(segment.path, fmt::format("{} torn bytes at its end", facts->torn_bytes), facts->last.next(),
           facts->last.next());
    if (!facts->damage.empty()) {
      const auto aside =
          set_aside_segment(files::real_file_system(), directory_, segment.path, facts->damage);
      for (const auto& hole : facts->damage)
        find(segment.path, fmt::format("{} damaged bytes from byte {}", hole.bytes, hole.offset),
             hole.after.next(), {hole.before.number > 0 ? hole.before.number - 1 : 0}, aside);
    }
    if (facts->events == 0) return {};
    if (out_.last != Sequence{} && facts->first != out_.last.next() && facts->damage.empty())
      find(segment.path,
           fmt::format("begins with event {}, the segment before it ends with {}", facts->first.number,
                       out_.last.number),
           out_.last.next(), {facts->first.number - 1});
    if (out_.first == Sequence{}) {
      out_.first = facts->first;
      out_.first_at = facts->first_at;
    }
    out_.last = facts->last;
    out_.last_at = facts->last_at;
    return {};
  }

  void compare(const SegmentPath& segment, const SegmentFacts& facts, const ManifestRow* row) {
    if (row == nullptr) return;
    if (segment.path.ends_with(compressed_suffix)) {
      const auto file = hash_file(segment.path);
      if (!file || file->sha256 != row->file_sha256)
        find(segment.path, "the file is not the one that the manifest names");
    }
    if (facts.plain_sha256 != row->facts.plain_sha256)
      find(segment.path, "its records are not those that were hashed when it was closed");
  }

  const std::string& directory_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  std::uint64_t total_ = 0;
  JournalVerification out_;
};

}  // namespace

Result<JournalVerification, JournalError> verify_journal(
    const std::string& directory, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return Verifier{directory, progress}.run();
}

Result<SegmentRange, JournalError> range_of_segment(const std::string& path) {
  const auto facts = read_segment(path);
  if (!facts) return std::unexpected{facts.error()};
  if (facts->events == 0)
    return std::unexpected{JournalError{JournalFault::not_found, path + " holds no event"}};
  auto directory = std::filesystem::path{path}.parent_path();
  return SegmentRange{directory.empty() ? "." : directory.string(), facts->first, facts->last};
}

}  // namespace mlbot::io::journal
