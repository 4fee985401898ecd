// Files that only their owner may read: tokens and keys.
#pragma once

#include "io/files/files.h"

namespace mlbot::io::files {

/// write_file_atomically() with mode 0600 from the first byte on.
Result<void, FileError> write_private_file_atomically(const std::filesystem::path& path,
                                                      std::string_view bytes);

}  // namespace mlbot::io::files
