#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "io/journal/journal.h"
#include "io/journal/journal_format.h"

namespace mlbot::io::journal {

struct JournalReader::Impl {
  std::string directory;
  JournalStart start;
  std::vector<SegmentPath> segments;
  std::size_t current = 0;  ///< index of the open segment
  std::optional<SegmentScanner> scanner;
  bool skipping = false;                    ///< the first wanted event has not come yet
  bool repeating = false;                   ///< inside a stretch of events that were read before
  std::optional<SegmentScanner::Raw> held;  ///< read while a gap was named; comes next
  Sequence last;
  std::uint32_t epoch = 0;
  std::uint64_t bytes_before = 0;  ///< of segments that were read to their end
  std::uint64_t bytes_total = 0;
  RecordScratch scratch;
  JournalItem item;

  Result<bool, JournalError> open_next_segment();
  Result<const JournalItem*, JournalError> deliver(const SegmentScanner::Raw& raw);
  JournalGap gap(std::uint64_t offset, std::uint64_t bytes, std::string what) const {
    return {scanner->path(), offset, bytes, last, {}, std::move(what)};
  }
};

JournalReader::JournalReader(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
JournalReader::~JournalReader() = default;

Result<std::unique_ptr<JournalReader>, JournalError> JournalReader::open(std::string directory,
                                                                         JournalStart start) {
  auto impl = std::make_unique<Impl>();
  impl->directory = std::move(directory);
  impl->start = start;
  impl->skipping = start.from != Sequence{} || start.from_at != Instant{};
  auto segments = list_segments(impl->directory);
  if (!segments) return std::unexpected{segments.error()};
  impl->segments = std::move(*segments);

  // Begin in the last segment that starts neither behind the first sequence nor behind the first time wanted.
  for (std::size_t i = impl->segments.size(); i-- > 1 && impl->current == 0;) {
    if (start.from == Sequence{} && start.from_at == Instant{}) break;
    if (impl->segments[i].first > start.from && start.from != Sequence{}) continue;
    auto scanner = SegmentScanner::open(impl->segments[i].path);
    if (!scanner) return std::unexpected{scanner.error()};
    if (!scanner->header() || (start.from_at != Instant{} && scanner->header()->first_at > start.from_at))
      continue;
    impl->current = i;
  }
  for (std::size_t i = impl->current; i < impl->segments.size(); ++i) {
    auto scanner = SegmentScanner::open(impl->segments[i].path);
    if (!scanner) return std::unexpected{scanner.error()};
    impl->bytes_total += scanner->position() + scanner->torn_bytes();
    if (i == impl->current) impl->scanner = std::move(*scanner);
  }
  return std::unique_ptr<JournalReader>{new JournalReader{std::move(impl)}};
}

/// True when there is a segment behind the current one, which is then open.
Result<bool, JournalError> JournalReader::Impl::open_next_segment() {
  std::size_t next = scanner ? current + 1 : 0;
  if (next >= segments.size()) {
    auto listed = list_segments(directory);
    if (!listed) return std::unexpected{listed.error()};
    segments.clear();
    for (auto& segment : *listed)
      if (!scanner || segment.path > scanner->path()) segments.push_back(std::move(segment));
    if (segments.empty()) {
      if (scanner) {
        segments.push_back({scanner->path(), {}});
        current = 0;
      }
      return false;
    }
    next = 0;
  }
  if (scanner) bytes_before += scanner->position();
  auto opened = SegmentScanner::open(segments[next].path);
  if (!opened) return std::unexpected{opened.error()};
  scanner = std::move(*opened);
  current = next;
  return true;
}

Result<const JournalItem*, JournalError> JournalReader::next() {
  Impl& impl = *impl_;
  for (;;) {
    if (impl.held) {
      const auto raw = *std::exchange(impl.held, std::nullopt);
      auto delivered = impl.deliver(raw);
      if (!delivered || *delivered) return delivered;
      continue;
    }
    if (!impl.scanner) {
      const auto opened = impl.open_next_segment();
      if (!opened) return std::unexpected{opened.error()};
      if (!*opened) return nullptr;
    }
    SegmentScanner& scanner = *impl.scanner;
    SegmentScanner::Raw raw;
    auto found = scanner.next(raw);
    if (!found) return std::unexpected{found.error()};
    if (*found == SegmentScanner::Found::record) {
      auto delivered = impl.deliver(raw);
      if (!delivered || *delivered) return delivered;
      continue;
    }
    if (*found == SegmentScanner::Found::damage) {
      auto gap = impl.gap(scanner.damage_at(), scanner.position() - scanner.damage_at(), "damaged bytes");
      found = scanner.next(raw);
      if (!found) return std::unexpected{found.error()};
      if (*found != SegmentScanner::Found::record) continue;  // the file changed under us: look again
      gap.before = raw.sequence;
      impl.held = raw;
      if (raw.kind == RecordKind::event)
        impl.last = {raw.sequence.number - 1};  // this gap names what is missing
      if (impl.skipping) continue;
      impl.item = std::move(gap);
      return &impl.item;
    }
    // The end of this segment: of the journal too, unless another one follows.
    const auto torn = scanner.torn_bytes();
    auto gap = impl.gap(scanner.position(), torn, "torn end of a segment");
    const auto opened = impl.open_next_segment();
    if (!opened) return std::unexpected{opened.error()};
    if (!*opened) return nullptr;
    impl.bytes_before += torn;
    if (torn == 0 || impl.skipping) continue;
    gap.before = impl.scanner->header() ? impl.scanner->header()->first : Sequence{};
    impl.item = std::move(gap);
    return &impl.item;
  }
}

/// Null for what lies before the start that was asked for.
Result<const JournalItem*, JournalError> JournalReader::Impl::deliver(const SegmentScanner::Raw& raw) {
  epoch = raw.epoch;
  const bool event = raw.kind == RecordKind::event;
  if (skipping && (!event || raw.sequence < start.from)) {
    if (event) last = raw.sequence;
    return nullptr;
  }
  if (event && last != Sequence{} && raw.sequence <= last) {
    if (std::exchange(repeating, true)) return nullptr;
    item = gap(scanner->position(), 0,
               "events that were read before come again and are dropped: a segment was copied");
    std::get<JournalGap>(item).before = raw.sequence;
    return &item;
  }
  if (event) repeating = false;
  if (event && !skipping && last != Sequence{} && raw.sequence != last.next()) {
    item = gap(scanner->position(), 0, "events are missing: a segment was removed");
    std::get<JournalGap>(item).before = raw.sequence;
    last = {raw.sequence.number - 1};
    held = raw;
    return &item;
  }
  if (raw.kind == RecordKind::venue_frame) {
    ByteReader reader{raw.payload};
    const auto link =
        static_cast<Link>(std::min<std::uint8_t>(reader.u8(), static_cast<std::uint8_t>(Link::orders)));
    const Instant received_at{reader.zigzag()};
    item = VenueFrame{raw.sequence, received_at, link, raw.payload.substr(reader.position())};
    return &item;
  }
  if (raw.kind == RecordKind::feature_checkpoint) {
    ByteReader reader{raw.payload};
    const Sequence after{reader.varint()};
    const Instant at{reader.zigzag()};
    item = FeatureCheckpoint{after, at, raw.payload.substr(reader.position())};
    return &item;
  }
  if (raw.kind == RecordKind::frame_digest) {
    ByteReader reader{raw.payload};
    FrameDigest frame;
    frame.symbol = {static_cast<std::uint16_t>(reader.varint())};
    frame.number = reader.varint();
    frame.cause = {reader.varint()};
    frame.at = Instant{reader.zigzag()};
    frame.digest = reader.fixed64();
    if (!reader.ok() || !reader.done())
      return std::unexpected{
          JournalError{JournalFault::other_version,
                       fmt::format("{}, record before byte {}: no frame digest; use the build that wrote it",
                                   scanner->path(), scanner->position())}};
    item = frame;
    return &item;
  }
  auto record = decode(raw.payload, scratch);
  if (!record)
    return std::unexpected{JournalError{
        JournalFault::other_version, fmt::format("{}, record before byte {}: {}; use the build that wrote it",
                                                 scanner->path(), scanner->position(), record.error().what)}};
  if (event) {
    last = raw.sequence;
    if (skipping && std::get<Stamped>(*record).at < start.from_at) return nullptr;
    skipping = false;
  }
  item = std::move(*record);
  return &item;
}

Sequence JournalReader::last_sequence() const { return impl_->last; }
std::uint32_t JournalReader::last_epoch() const { return impl_->epoch; }
std::uint64_t JournalReader::torn_bytes() const { return impl_->scanner ? impl_->scanner->torn_bytes() : 0; }
std::uint64_t JournalReader::bytes_read() const {
  return impl_->bytes_before + (impl_->scanner ? impl_->scanner->position() : 0);
}
std::uint64_t JournalReader::bytes_total() const { return impl_->bytes_total; }

}  // namespace mlbot::io::journal
