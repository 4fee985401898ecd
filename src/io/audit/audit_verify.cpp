#include "io/audit/audit_verify.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "io/files/files.h"

namespace mlbot::io::audit {
namespace {

/// What a record must follow: the hash that stands before it, or the one that should. Where a record's own
/// hash was changed, the next one still speaks for the record.
struct Before {
  bool known = true;
  std::string stored, computed;
  bool leads_to(const AuditLine& line) const {
    return chain(stored, line.record) == line.hash ||
           (computed != stored && chain(computed, line.record) == line.hash);
  }
};

class Verifier {
 public:
  explicit Verifier(const AuditCheck& check) : check_{check} {}

  Result<AuditReport, AuditError> run(const std::string& directory) {
    const auto segments = segments_of(directory);
    if (!std::filesystem::is_directory(directory))
      return std::unexpected{AuditError{.what = directory + ": no audit log here; --log names another"}};
    if (auto read = read_claims(directory); !read) return std::unexpected{read.error()};
    for (const auto& segment : segments) {
      const auto bytes = files::read_file(segment.path, 1ULL << 30);
      if (!bytes) return std::unexpected{AuditError{.what = bytes.error().what}};
      ++report_.segments;
      segment_ = std::filesystem::path{segment.path}.filename().string();
      if (segment.first != next_)
        note(segment.first,
             fmt::format("the file is named by record {}, where {} follows", segment.first, next_));
      take(*bytes);
    }
    judge_end();
    report_.last = next_ - 1;
    report_.hash = before_.stored;
    return std::move(report_);
  }

 private:
  struct Claim {
    std::string hash, from;
  };

  void note(std::uint64_t number, std::string what) {
    if (report_.findings.size() == check_.findings_max) {
      ++left_out_;
      report_.findings.back().what = fmt::format("and {} more findings from here on", left_out_ + 1);
      return;
    }
    report_.findings.push_back({number, segment_, std::move(what)});
  }

  /// What head and anchors say of some records.
  Result<void, AuditError> read_claims(const std::string& directory) {
    const auto take_line = [this](std::string_view text, const std::string& from) {
      const Json json = Json::parse(text, nullptr, false);
      const bool fine = json.is_object() && json.contains("n") && json["n"].is_number_unsigned() &&
                        json.contains("hash") && json["hash"].is_string();
      if (!fine) return note(0, from + ": it is damaged");
      claims_.emplace(json["n"].get<std::uint64_t>(), Claim{json["hash"].get<std::string>(), from});
    };
    if (const auto head = files::read_file(head_file(directory)))
      take_line(*head, "the head");
    else if (!segments_of(directory).empty())
      note(0, "the head is missing");
    if (check_.anchor_file.empty()) return {};
    const auto anchors = files::read_file(check_.anchor_file);
    if (!anchors) return std::unexpected{AuditError{.what = anchors.error().what}};
    std::string_view rest{*anchors};
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      take_line(rest.substr(0, end), "an anchor");
      ++report_.anchors;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
  }

  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      if (end == std::string_view::npos) return note(next_, fmt::format("record {} is torn", next_));
      const auto text = bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      take_text(text, read_line(bytes.substr(0, std::min(bytes.find('\n'), bytes.size()))));
    }
  }

  /// @param behind  the line that follows: whether the number or the place of this one is wrong shows there.
  void take_text(std::string_view text, const std::optional<AuditLine>& behind) {
    auto line = read_line(text);
    if (!line) {
      note(next_, fmt::format("record {} cannot be read", next_));
      before_.known = false;
      ++next_;
      return;
    }
    if (check_.on_record) check_.on_record(*line);
    ++report_.records;
    if (line->number != next_ && behind && behind->number == next_ + 1) line->number = next_;
    if (line->number + 1 == next_)
      return note(line->number, fmt::format("record {} stands there twice", line->number));
    if (line->number < next_)
      return note(next_, fmt::format("record {} stands where record {} belongs", line->number, next_));
    if (line->number > next_) {
      const auto last = line->number - 1;
      note(next_, last == next_ ? fmt::format("record {} is missing", next_)
                                : fmt::format("records {} to {} are missing", next_, last));
      before_.known = false;
    } else if (before_.known && !before_.leads_to(*line)) {
      note(line->number, fmt::format("record {} is not what was written", line->number));
    }
    // Behind a hole nothing can be computed; what is stored is believed from there on.
    const auto computed = before_.known ? chain(before_.stored, line->record) : std::string{line->hash};
    before_ = {true, std::string{line->hash}, computed};
    for (auto [claim, end] = claims_.equal_range(line->number); claim != end; ++claim)
      if (claim->second.hash != line->hash)
        note(line->number,
             fmt::format("record {} is another than {} says", line->number, claim->second.from));
    next_ = line->number + 1;
  }

  void judge_end() {
    segment_.clear();
    if (claims_.empty()) return;
    const auto& [number, claim] = *claims_.rbegin();
    if (number < next_) return;
    note(next_, number == next_
                    ? fmt::format("record {} is missing at the end: {} knows it", next_, claim.from)
                    : fmt::format("records {} to {} are missing at the end: {} knows them", next_, number,
                                  claim.from));
  }

  const AuditCheck& check_;
  AuditReport report_;
  std::multimap<std::uint64_t, Claim> claims_;
  Before before_{true, first_hash(), first_hash()};
  std::uint64_t next_ = 1;
  std::string segment_;
  std::uint64_t left_out_ = 0;
};

}  // namespace

Result<AuditReport, AuditError> verify(const std::string& directory, const AuditCheck& check) {
  return Verifier{check}.run(directory);
}

}  // namespace mlbot::io::audit
