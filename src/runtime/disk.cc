#include "runtime/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "errors/runtime.h"

namespace streamops::runtime {
namespace {

Error failure(std::string_view doing, const std::string& path, int code) {
  if (code == ENOSPC || code == EDQUOT)
    return Error(errors::runtime::disk_full, "no room left while {} {}", doing, path);
  return Error(errors::runtime::disk_failed, "{} {} failed: {}", doing, path, std::strerror(code));
}

std::string parent_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

class SystemFile final : public File {
 public:
  SystemFile(int descriptor, std::string path, std::uint64_t size)
      : descriptor_(descriptor), path_(std::move(path)), size_(size) {}
  SystemFile(const SystemFile&) = delete;
  SystemFile& operator=(const SystemFile&) = delete;
  ~SystemFile() override { ::close(descriptor_); }

  Result<void> append(BytesView bytes) override {
    STREAMOPS_RETURN_IF_ERROR(write_at(size_, bytes));
    return Ok();
  }

  Result<void> write_at(std::uint64_t offset, BytesView bytes) override {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const ssize_t count =
          ::pwrite(descriptor_, bytes.data() + written, bytes.size() - written, static_cast<off_t>(offset + written));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failure("writing", path_, errno);
      written += static_cast<std::size_t>(count);
      size_ = std::max<std::uint64_t>(size_, offset + written);
    }
    return Ok();
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t count =
          ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failure("reading", path_, errno);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failure("cutting", path_, errno);
    size_ = size;
    return Ok();
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_) != 0) return failure("syncing", path_, errno);
    return Ok();
  }

  std::uint64_t size() const override { return size_; }

 private:
  int descriptor_;
  std::string path_;
  std::atomic<std::uint64_t> size_;
};

class SystemDisk final : public Disk {
 public:
  Result<FilePtr> open(const std::string& path, OpenMode mode) override { return open_file(path, mode); }

  bool exists(const std::string& path) const override { return ::access(path.c_str(), F_OK) == 0; }

  Result<std::vector<std::string>> list(const std::string& directory) const override {
    DIR* open_directory = ::opendir(directory.c_str());
    if (open_directory == nullptr) return failure("listing", directory, errno);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(open_directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(open_directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> make_directories(const std::string& path) override {
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (code) return failure("creating", path, code.value());
    return Ok();
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure("removing", path, errno);
    return Ok();
  }

  Result<void> remove_tree(const std::string& path) override {
    std::error_code code;
    std::filesystem::remove_all(path, code);
    if (code) return failure("removing", path, code.value());
    return Ok();
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failure("renaming", from, errno);
    return sync_directory(parent_of(to));
  }

  Result<void> sync_directory(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failure("opening", path, errno);
    const int result = ::fsync(descriptor);
    const int code = errno;
    ::close(descriptor);
    if (result != 0) return failure("syncing", path, code);
    return Ok();
  }

 protected:
  Result<void> set_mode(const std::string& path, unsigned mode) override {
    if (::chmod(path.c_str(), mode) != 0) return failure("setting the rights of", path, errno);
    return Ok();
  }

  Result<FilePtr> open_for_read(const std::string& path) const override { return open_file(path, OpenMode::read); }

 private:
  static Result<FilePtr> open_file(const std::string& path, OpenMode mode) {
    int flags = O_CLOEXEC | (mode == OpenMode::read ? O_RDONLY : O_RDWR);
    if (mode == OpenMode::write_create) flags |= O_CREAT;
    const int descriptor = ::open(path.c_str(), flags, 0644);
    if (descriptor < 0) return failure("opening", path, errno);
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) {
      const int code = errno;
      ::close(descriptor);
      return failure("looking at", path, code);
    }
    return FilePtr(std::make_unique<SystemFile>(descriptor, path, static_cast<std::uint64_t>(status.st_size)));
  }
};

class SystemDirectoryLock final : public DirectoryLock {
 public:
  explicit SystemDirectoryLock(int descriptor) : descriptor_(descriptor) {}
  SystemDirectoryLock(const SystemDirectoryLock&) = delete;
  SystemDirectoryLock& operator=(const SystemDirectoryLock&) = delete;
  ~SystemDirectoryLock() override { ::close(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

Result<Bytes> Disk::read_file(const std::string& path) const {
  STREAMOPS_ASSIGN(const FilePtr file, open_for_read(path));
  Bytes content(file->size());
  STREAMOPS_ASSIGN(const std::size_t count, file->read_at(0, content));
  content.resize(count);
  return content;
}

Result<void> Disk::replace_file(const std::string& path, BytesView content, unsigned mode) {
  const std::string beside = path + ".new";
  STREAMOPS_RETURN_IF_ERROR(remove(beside));
  {
    STREAMOPS_ASSIGN(const FilePtr file, open(beside, OpenMode::write_create));
    STREAMOPS_RETURN_IF_ERROR(set_mode(beside, mode));
    STREAMOPS_RETURN_IF_ERROR(file->append(content));
    STREAMOPS_RETURN_IF_ERROR(file->sync());
  }
  return rename(beside, path);
}

Disk& system_disk() {
  static SystemDisk disk;
  return disk;
}

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return failure("opening", path, errno);
  char holder[32] = {};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const ssize_t count = ::pread(descriptor, holder, sizeof(holder) - 1, 0);
    ::close(descriptor);
    return Error(errors::runtime::directory_locked, "{} is in use by process {}", directory,
                 count > 0 ? holder : "(unknown)");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
    const int code = errno;
    ::close(descriptor);
    return failure("writing", path, code);
  }
  return std::unique_ptr<DirectoryLock>(std::make_unique<SystemDirectoryLock>(descriptor));
}

}  // namespace streamops::runtime
