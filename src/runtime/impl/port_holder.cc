#include "runtime/impl/port_holder.h"

#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace streamops::runtime {
namespace {

namespace fs = std::filesystem;

/// The inodes of listening sockets on `port`, from one of the kernel's tables (proc(5): local address is column 2,
/// state 4, inode 10).
void collect_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  std::ifstream lines(table);
  const std::string wanted = fmt::format(":{:04X}", port);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmit, user, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmit >> user >> timeout >> inode;
    if (local.ends_with(wanted) && state == "0A") inodes.insert("socket:[" + inode + "]");
  }
}

bool holds_one_of(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(process / "fd", code)) {
    std::error_code unreadable;
    const fs::path target = fs::read_symlink(entry.path(), unreadable);
    if (!unreadable && sockets.contains(target.string())) return true;
  }
  return false;
}

}  // namespace

std::string port_holder(std::uint16_t port) {
  std::set<std::string> sockets;
  collect_inodes("/proc/net/tcp", port, sockets);
  collect_inodes("/proc/net/tcp6", port, sockets);
  if (sockets.empty()) return {};
  std::error_code code;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc", code)) {
    const std::string pid = process.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos || !holds_one_of(process.path(), sockets)) continue;
    std::string name;
    std::ifstream(process.path() / "comm") >> name;
    return fmt::format("{} (pid {})", name, pid);
  }
  return {};
}

}  // namespace streamops::runtime
