#include "shell/simulate/disk.h"

#include <algorithm>

#include "base/assert.h"

namespace mlbot::shell::simulate {
namespace {

constexpr Duration sync_usual = 100us;
constexpr std::size_t records_kept = 4'096;

}  // namespace

bool SimulatedDisk::lock(std::uint64_t owner) {
  if (owner_ != 0) return false;
  owner_ = owner;
  sync_failed_ = false;
  return true;
}

void SimulatedDisk::unlock(std::uint64_t owner) {
  if (owner_ == owner) owner_ = 0;
}

DiskRecovery SimulatedDisk::recover() {
  DiskRecovery found;
  if (!written_.empty()) found = {written_.back().epoch, written_.back().sequence};
  return found;
}

void SimulatedDisk::append(std::uint32_t epoch, std::uint64_t sequence, std::string_view of_orders) {
  buffer_.push_back({epoch, sequence, std::string{of_orders}});
}

void SimulatedDisk::tell(core::IntentTracker& tracker, const Record& record) {
  if (record.of_orders.empty()) return;
  RecordScratch scratch;
  const auto read = decode(record.of_orders, scratch);
  MLBOT_ASSERT(read);
  if (const auto* command = std::get_if<StampedCommand>(&*read)) tracker.take(*command);
  if (const auto* event = std::get_if<Stamped>(&*read)) tracker.take(*event);
}

std::vector<IntentCarried> SimulatedDisk::unended() const {
  core::IntentTracker tracker = older_;
  for (const Record& record : written_) tell(tracker, record);
  return tracker.open();
}

Result<void, DiskError> SimulatedDisk::flush(Instant now) {
  if (buffer_.empty()) return {};
  if (now < full_until_) return std::unexpected{DiskError{"no space is left on the device"}};
  if (plan_.strikes(FaultKind::disk_error)) return std::unexpected{DiskError{"input/output error"}};
  written_.insert(written_.end(), buffer_.begin(), buffer_.end());
  buffer_.clear();
  if (synced_ > records_kept) {
    for (std::size_t i = 0; i + 1 < synced_; ++i) tell(older_, written_[i]);
    written_.erase(written_.begin(), written_.begin() + static_cast<std::ptrdiff_t>(synced_ - 1));
    synced_ = 1;
  }
  return {};
}

Result<Duration, DiskError> SimulatedDisk::sync(Instant now) {
  if (sync_failed_) return std::unexpected{DiskError{"an earlier sync failed"}};
  if (auto flushed = flush(now); !flushed) return std::unexpected{flushed.error()};
  if (plan_.strikes(FaultKind::disk_error)) {
    sync_failed_ = true;
    return std::unexpected{DiskError{"sync: input/output error"}};
  }
  synced_ = written_.size();
  return now < slow_until_ ? slow_until_ - now : sync_usual;
}

Result<void, DiskError> SimulatedDisk::write_file(Instant now, std::string_view name, std::string text,
                                                  Instant mark) {
  if (now < full_until_) return std::unexpected{DiskError{"no space is left on the device"}};
  const auto known = std::ranges::find(files_, name, &File::name);
  File& file = known != files_.end() ? *known : files_.emplace_back(std::string{name});
  file.text = std::move(text);
  file.mark = mark;
  return {};
}

std::optional<std::string> SimulatedDisk::read_file(std::string_view name) const {
  const auto known = std::ranges::find(files_, name, &File::name);
  if (known == files_.end()) return std::nullopt;
  return known->text;
}

Result<void, DiskError> SimulatedDisk::write_trading_state(Instant now, const Carried& carried) {
  if (now < full_until_) return std::unexpected{DiskError{"no space is left on the device"}};
  trading_state_ = carried;
  return {};
}

Instant SimulatedDisk::written_at(std::string_view name) const {
  const auto known = std::ranges::find(files_, name, &File::name);
  return known == files_.end() ? Instant{} : known->mark;
}

void SimulatedDisk::crash(std::uint64_t owner) {
  buffer_.clear();
  // What write() returned for outlives the process, not the machine: of what was not synced nothing is left
  // then, or some beginning of it.
  if (plan_.strikes(FaultKind::power_cut)) {
    const double kept = plan_.strikes(FaultKind::torn_tail) ? plan_.figure(FaultKind::torn_tail) : 0;
    written_.resize(synced_ +
                    static_cast<std::size_t>(kept * static_cast<double>(written_.size() - synced_)));
  }
  synced_ = std::min(synced_, written_.size());
  unlock(owner);
}

}  // namespace mlbot::shell::simulate
