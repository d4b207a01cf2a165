// app/data_directory.h — where a StreamOps keeps everything, and how other processes find it.
//
//   format            "streamops data 1\n": what is in here, and which version wrote it
//   lock              held while a process works here (its pid inside)
//   endpoints.json    {"kafka":"127.0.0.1:9092","cql":"127.0.0.1:9042","console":"127.0.0.1:8080","pid":4711,...};
//   written whole, when
//                     every listener accepts; removed on a clean stop
//   kafka/ cql/ workflow/ auth/ pipelines/    one folder a room
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "runtime/disk.h"

namespace streamops::app {

/// $STATE_DIRECTORY (set by systemd), $XDG_STATE_HOME/streamops, or ~/.local/state/streamops.
std::string default_data_directory();

class DataDirectory {
 public:
  /// Creates or opens, checks the format, takes the lock. Errors: SO-A102 (not ours), SO-A103 (newer),
  /// SO-D001..SO-D003.
  static Result<std::unique_ptr<DataDirectory>> open(const std::string& path, runtime::Disk& disk);

  const std::string& path() const { return path_; }
  /// The folder of one room; made when missing.
  Result<std::string> room(const std::string& name);

  /// Tells the world where to connect. `endpoints` maps a name to "host:port" or a URL.
  Result<void> publish_endpoints(const std::map<std::string, std::string>& endpoints);
  void withdraw_endpoints();

 private:
  DataDirectory(std::string path, runtime::Disk& disk, std::unique_ptr<runtime::DirectoryLock> lock)
      : path_(std::move(path)), disk_(disk), lock_(std::move(lock)) {}

  std::string path_;
  runtime::Disk& disk_;
  std::unique_ptr<runtime::DirectoryLock> lock_;
};

/// What endpoints.json of a directory says, while its process lives. Errors: SO-A104.
Result<std::map<std::string, std::string>> read_endpoints(const std::string& directory, const runtime::Disk& disk);

}  // namespace streamops::app
