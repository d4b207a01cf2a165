// runtime/disk.h — files, behind an interface so that tests can tear writes, fill the disk and lose what was not
// synced.
//
// Calls block; loops use them only for what the page cache answers, and leave sync() to a pool. A File may be used from
// several threads where the calls do not overlap in range.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace streamops::runtime {

class File {
 public:
  virtual ~File() = default;
  /// Writes all of `bytes` at the end. Errors: SO-D001 (no room), SO-D002 (any other failure). After an error the size
  /// is what size() says.
  virtual Result<void> append(BytesView bytes) = 0;
  /// Writes all of `bytes` at `offset`.
  virtual Result<void> write_at(std::uint64_t offset, BytesView bytes) = 0;
  /// Reads up to out.size() bytes at `offset`; fewer only at the end of the file. Returns the number read.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  /// Makes everything written durable (fdatasync).
  virtual Result<void> sync() = 0;
  virtual std::uint64_t size() const = 0;
};
using FilePtr = std::unique_ptr<File>;

enum class OpenMode : std::uint8_t { read, write_create, write_existing };

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<FilePtr> open(const std::string& path, OpenMode mode) = 0;
  virtual bool exists(const std::string& path) const = 0;
  /// Names (not paths) in a directory, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& directory) const = 0;
  /// Creates a directory and those above it; fine when it exists.
  virtual Result<void> make_directories(const std::string& path) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<void> remove_tree(const std::string& path) = 0;
  /// Atomic; the directory is synced.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;

  /// The whole file.
  Result<Bytes> read_file(const std::string& path) const;
  /// Writes beside, syncs, renames: after a crash either the old file or the new one is there, whole.
  Result<void> replace_file(const std::string& path, BytesView content, unsigned mode = 0644);

 protected:
  virtual Result<void> set_mode(const std::string& path, unsigned mode) = 0;
  virtual Result<FilePtr> open_for_read(const std::string& path) const = 0;
};

/// The machine's file systems.
Disk& system_disk();

/// An exclusive lock on a directory, held while the object lives; a crash frees it.
class DirectoryLock {
 public:
  /// Errors: SO-D003 (another process holds it; says its pid).
  static Result<std::unique_ptr<DirectoryLock>> take(const std::string& directory);
  virtual ~DirectoryLock() = default;
};

}  // namespace streamops::runtime
