#pragma once

#include <sys/types.h>

#include <string>

#include "dummynet/os/fd.hpp"

namespace dummynet::os {

/// Opens a directory that belongs to this user alone, making it (mode 0700) where it is missing. Refuses, as
/// std::system_error, what somebody else could have laid out for us: a symbolic link, another owner, rights for others.
Fd make_private_directory(int parent, const std::string& name);
/// The same without making it, of any user; an empty Fd where there is none.
Fd open_private_directory(int parent, const std::string& name, uid_t owner);

/// Removes a run's directory with the files in it (directories in it would stay, and it with them), and the one above
/// it when that is empty now. False when it is still there.
bool remove_run_directory(const std::string& path) noexcept;

}  // namespace dummynet::os
