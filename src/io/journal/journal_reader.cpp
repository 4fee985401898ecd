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
  bool ended = false;                       ///< the open segment was read to its end, and another one follows
  bool repeating = false;                   ///< inside a stretch of events that were read before
  std::optional<SegmentScanner::Raw> held;  ///< read while a gap was named; comes next
  Sequence last;
  std::uint32_t epoch = 0;
  std::uint64_t bytes_before = 0;  ///< of segments that were read to their end
  std::uint64_t bytes_total = 0;
  RecordScratch scratch;
  JournalItem item;
  JournalContext context;     ///< in force here, where reading did not begin with the definitions themselves
  bool owes_context = false;  ///< it must be told before the next item
  bool began = false;         ///< something was delivered

  Result<void, JournalError> choose_segment();
  Result<bool, JournalError> find_next_segment();
  Result<void, JournalError> open_next_segment();
  void note_definition(const Record& record);
  Result<void, JournalError> note_definition(std::string_view encoded);
  Result<const JournalItem*, JournalError> tell_context(const SegmentScanner::Raw& raw);
  Result<JournalItem, JournalError> derived(const SegmentScanner::Raw& raw);
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

  if (auto chosen = impl->choose_segment(); !chosen) return std::unexpected{chosen.error()};
  return std::unique_ptr<JournalReader>{new JournalReader{std::move(impl)}};
}

/// Opens the last segment that starts neither behind the first sequence nor behind the first time wanted.
Result<void, JournalError> JournalReader::Impl::choose_segment() {
  for (std::size_t i = segments.size(); i-- > 1 && skipping;) {
    if (segments[i].first > start.from && start.from != Sequence{}) continue;
    auto opened = SegmentScanner::open(segments[i].path);
    if (!opened) return std::unexpected{opened.error()};
    if (!opened->header() || (start.from_at != Instant{} && opened->header()->first_at > start.from_at))
      continue;
    current = i;
    break;
  }
  for (std::size_t i = current; i < segments.size(); ++i) {
    auto opened = SegmentScanner::open(segments[i].path);
    if (!opened && opened.error().fault == JournalFault::not_found) continue;  // closed or removed just now
    if (!opened) return std::unexpected{opened.error()};
    bytes_total += opened->size();
    if (i == current) scanner = std::move(*opened);
  }
  return {};
}

/// True when there is a segment behind the current one: `current + 1` then, or 0 when none was open.
Result<bool, JournalError> JournalReader::Impl::find_next_segment() {
  const std::size_t next = scanner ? current + 1 : 0;
  if (next < segments.size()) return true;
  const Sequence behind = scanner ? segments[current].first : Sequence{};
  auto listed = list_segments(directory);
  if (!listed) return std::unexpected{listed.error()};
  for (auto& segment : *listed)
    if (segment.first > behind) segments.push_back(std::move(segment));
  return next < segments.size();
}

Result<void, JournalError> JournalReader::Impl::open_next_segment() {
  const std::size_t next = scanner ? current + 1 : 0;
  auto opened = SegmentScanner::open(segments[next].path);
  if (!opened && opened.error().fault == JournalFault::not_found) {  // compressed since it was listed
    const auto& was = segments[next].path;
    opened =
        SegmentScanner::open(was.substr(0, was.rfind('/') + 1) + segment_name(segments[next].first, true));
  }
  if (!opened) return std::unexpected{opened.error()};
  if (scanner) bytes_before += scanner->position();
  scanner = std::move(*opened);
  current = next;
  ended = false;
  return {};
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
      const auto found = impl.find_next_segment();
      if (!found) return std::unexpected{found.error()};
      if (!*found) return nullptr;
      if (auto opened = impl.open_next_segment(); !opened) return std::unexpected{opened.error()};
    }
    SegmentScanner& scanner = *impl.scanner;
    if (impl.skipping) scanner.skip_to(impl.start);
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
      // A derived record tells that the event of its sequence is gone by. This gap names all that is missing.
      gap.before = raw.kind == RecordKind::event ? raw.sequence : raw.sequence.next();
      impl.held = raw;
      impl.last = std::max(impl.last, Sequence{gap.before.number - 1});
      if (impl.skipping) continue;
      impl.item = std::move(gap);
      return &impl.item;
    }
    // The end of this segment: of the journal too, unless another one follows. A segment is whole once there
    // is one behind it, so it is looked at once more then.
    const auto follows = impl.find_next_segment();
    if (!follows) return std::unexpected{follows.error()};
    if (!*follows) return nullptr;
    if (!std::exchange(impl.ended, true)) continue;
    const auto torn = scanner.torn_bytes();
    auto gap = impl.gap(scanner.position(), torn, "torn end of a segment");
    if (auto opened = impl.open_next_segment(); !opened) return std::unexpected{opened.error()};
    impl.bytes_before += torn;
    const bool nothing_whole = impl.epoch == 0;  // not one record since reading began
    if ((torn == 0 && !nothing_whole) || impl.skipping) continue;
    gap.before = impl.segments[impl.current].first;
    impl.item = std::move(gap);
    return &impl.item;
  }
}

void JournalReader::Impl::note_definition(const Record& record) {
  const auto* event = std::get_if<Stamped>(&record);
  if (event == nullptr) return;
  if (const auto* run = std::get_if<RunStarted>(&event->what)) context.run = *run;
  const auto* defined = std::get_if<InstrumentDefined>(&event->what);
  if (defined == nullptr) return;
  const auto at = std::ranges::lower_bound(context.instruments, defined->instrument.id.index, {},
                                           [](const Instrument& instrument) { return instrument.id.index; });
  if (at != context.instruments.end() && at->id == defined->instrument.id)
    *at = defined->instrument;
  else
    context.instruments.insert(at, defined->instrument);
}

Result<void, JournalError> JournalReader::Impl::note_definition(std::string_view encoded) {
  const auto record = decode(encoded, scratch);
  if (!record)
    return std::unexpected{JournalError{
        JournalFault::other_version, fmt::format("{}, record before byte {}: {}; use the build that wrote it",
                                                 scanner->path(), scanner->position(), record.error().what)}};
  note_definition(*record);
  owes_context = !began;
  return {};
}

/// Before the first item: what was defined before it. The item itself comes next.
Result<const JournalItem*, JournalError> JournalReader::Impl::tell_context(const SegmentScanner::Raw& raw) {
  owes_context = false;
  held = raw;
  item = std::move(context);
  context = {};
  return &item;
}

/// Null for what lies before the start that was asked for.
Result<const JournalItem*, JournalError> JournalReader::Impl::deliver(const SegmentScanner::Raw& raw) {
  epoch = raw.epoch;
  const bool event = raw.kind == RecordKind::event;
  if (raw.kind == RecordKind::context) {
    if (began) return nullptr;  // known from what was read
    Result<void, JournalError> noted;
    each_in_context(raw.payload, [&](std::string_view defined) {
      if (noted) noted = note_definition(defined);
    });
    if (!noted) return std::unexpected{noted.error()};
    return nullptr;
  }
  if (skipping) {
    const auto head = event ? peek_event(raw.payload) : std::nullopt;
    const bool before = !head || raw.sequence < start.from || head->at < start.from_at;
    if (before && head && head->defines)
      if (auto noted = note_definition(raw.payload); !noted) return std::unexpected{noted.error()};
    if (before) {
      if (event) last = raw.sequence;
      return nullptr;
    }
  }
  if (event && last != Sequence{} && raw.sequence <= last) {
    if (std::exchange(repeating, true)) return nullptr;
    item = gap(scanner->position(), 0,
               "events that were read before come again and are dropped: a segment was copied");
    std::get<JournalGap>(item).before = raw.sequence;
    return &item;
  }
  if (event) repeating = false;
  if (owes_context) return tell_context(raw);
  began = true;
  if (event && !skipping && last != Sequence{} && raw.sequence != last.next()) {
    item = gap(scanner->position(), 0, "events are missing: a segment was removed");
    std::get<JournalGap>(item).before = raw.sequence;
    last = {raw.sequence.number - 1};
    held = raw;
    return &item;
  }
  auto made = derived(raw);
  if (!made) return std::unexpected{made.error()};
  item = std::move(*made);
  if (event) {
    last = raw.sequence;
    skipping = false;
  }
  return &item;
}

Result<JournalItem, JournalError> JournalReader::Impl::derived(const SegmentScanner::Raw& raw) {
  const auto unreadable = [&](std::string_view what) {
    return std::unexpected{JournalError{
        JournalFault::other_version, fmt::format("{}, record before byte {}: {}; use the build that wrote it",
                                                 scanner->path(), scanner->position(), what)}};
  };
  ByteReader reader{raw.payload};
  switch (raw.kind) {
    case RecordKind::venue_frame:
    case RecordKind::raw_frame: {
      const auto link =
          static_cast<Link>(std::min<std::uint8_t>(reader.u8(), static_cast<std::uint8_t>(Link::orders)));
      const Instant received_at{reader.zigzag()};
      if (!reader.ok()) return unreadable("no frame");
      const auto bytes = raw.payload.substr(reader.position());
      if (raw.kind == RecordKind::venue_frame) return VenueFrame{raw.sequence, received_at, link, bytes};
      return RawFrame{raw.sequence, received_at, link, bytes};
    }
    case RecordKind::feature_checkpoint: {
      const Sequence after{reader.varint()};
      const Instant at{reader.zigzag()};
      if (!reader.ok()) return unreadable("no features");
      return FeatureCheckpoint{after, at, raw.payload.substr(reader.position())};
    }
    case RecordKind::state_hash: {
      StateHash state{.after = {reader.varint()}, .at = Instant{reader.zigzag()}};
      state.hash = reader.fixed64();
      if (!reader.ok() || !reader.done()) return unreadable("no state hash");
      return state;
    }
    case RecordKind::order_id_lease: {
      const OrderIdLease lease{reader.varint()};
      if (!reader.ok() || !reader.done()) return unreadable("no lease");
      return lease;
    }
    case RecordKind::frame_digest: {
      FrameDigest frame;
      frame.symbol = {static_cast<std::uint16_t>(reader.varint())};
      frame.number = reader.varint();
      frame.cause = {reader.varint()};
      frame.at = Instant{reader.zigzag()};
      frame.digest = reader.fixed64();
      if (!reader.ok() || !reader.done()) return unreadable("no frame digest");
      return frame;
    }
    case RecordKind::event:
    case RecordKind::command:
    case RecordKind::decision:
    case RecordKind::route:
    case RecordKind::fill_quality:
    case RecordKind::frame:
    case RecordKind::context:
      break;
  }
  auto record = decode(raw.payload, scratch);
  if (!record) return unreadable(record.error().what);
  return std::move(*record);
}

Sequence JournalReader::last_sequence() const { return impl_->last; }
std::uint32_t JournalReader::last_epoch() const { return impl_->epoch; }
std::uint64_t JournalReader::torn_bytes() const { return impl_->scanner ? impl_->scanner->torn_bytes() : 0; }
std::uint64_t JournalReader::bytes_read() const {
  return impl_->bytes_before + (impl_->scanner ? impl_->scanner->position() : 0);
}
std::uint64_t JournalReader::bytes_total() const { return impl_->bytes_total; }
std::string_view JournalReader::segment() const {
  return impl_->scanner ? std::string_view{impl_->scanner->path()} : std::string_view{};
}

}  // namespace mlbot::io::journal
