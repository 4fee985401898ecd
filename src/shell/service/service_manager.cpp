#include "shell/service/service_manager.h"

#include <ranges>

namespace mlbot::shell {

std::string_view to_string(Health health) {
  static constexpr std::string_view names[] = {"stopped", "starting", "healthy", "stalled"};
  return names[static_cast<std::size_t>(health)];
}

Progress& ServiceManager::add(Service service) {
  health_.push_back({service.name, Health::stopped, 0, {}});
  entries_.push_back({std::move(service), std::make_unique<Progress>(), false});
  return *entries_.back().progress;
}

std::optional<ServiceError> ServiceManager::start_all() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (auto error = entries_[i].service.start()) {
      stop_all();
      return ServiceError{entries_[i].service.name + ": " + error->what};
    }
    entries_[i].running = true;
    health_[i].health = Health::starting;
  }
  return std::nullopt;
}

void ServiceManager::stop_all() {
  for (auto& entry : entries_ | std::views::reverse) {
    if (entry.running) entry.service.stop();
    entry.running = false;
  }
  for (auto& health : health_) health.health = Health::stopped;
}

const std::vector<ServiceHealth>& ServiceManager::observe(Instant now) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].running) continue;
    auto& health = health_[i];
    const auto count = entries_[i].progress->count();
    if (count != health.progress) {
      health.progress = count;
      health.last_progress = now;
      health.health = Health::healthy;
    } else {
      if (health.last_progress.ns == 0) health.last_progress = now;
      if (now - health.last_progress > entries_[i].service.silence_limit) health.health = Health::stalled;
    }
  }
  return health_;
}

}  // namespace mlbot::shell
