// Where the Redis lies that `mlbot run --bus redis --processes` keeps in its state directory.
#pragma once

#include <filesystem>
#include <string>

#include "shell/state_directory.h"

namespace mlbot::shell {

inline std::string own_redis_socket(const StateDirectory& state) {
  return std::filesystem::absolute(state.root + "/redis/redis.sock").string();
}
inline std::string own_redis_url(const StateDirectory& state) {
  return "redis+unix://" + own_redis_socket(state);
}

}  // namespace mlbot::shell
