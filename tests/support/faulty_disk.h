// tests/support/faulty_disk.h — a disk in memory that forgets what was not synced, tears writes, fills up and fails on
// demand.
//
// crash() leaves what a power cut may leave: of each block written since the file's last sync either the old or the new
// content, a size somewhere between the old and the new one, and of names made since the directory's last sync either
// none or all. Threads: one.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "errors/runtime.h"
#include "runtime/disk.h"
#include "runtime/random.h"

namespace streamops::test {

class FaultyDisk final : public runtime::Disk {
 public:
  explicit FaultyDisk(std::uint64_t seed = 1) : random_(seed) {}

  std::uint64_t capacity = UINT64_MAX;  // bytes over all files
  int failing_syncs = 0;                // so many syncs fail, and lose what they should have saved
  std::uint64_t syncs = 0;              // syncs of files so far

  /// Bytes over all files.
  std::uint64_t used() const {
    std::uint64_t used = 0;
    for (const auto& [path, inode] : files_) used += inode->now.size();
    return used;
  }

  /// A power cut: open Files keep a content that nobody sees any more.
  void crash() {
    for (auto& [directory, names] : changed_names_) settle_names(directory, names);
    changed_names_.clear();
    for (auto& [path, inode] : files_) inode = after_power_cut(*inode);
    durable_ = files_;
  }

  Result<runtime::FilePtr> open(const std::string& path, runtime::OpenMode mode) override {
    auto found = files_.find(path);
    if (found == files_.end()) {
      if (mode != runtime::OpenMode::write_create) return missing(path);
      found = files_.emplace(path, std::make_shared<Inode>()).first;
      changed_names_[directory_of(path)].insert(path);
    }
    return runtime::FilePtr(std::make_unique<OpenFile>(*this, found->second));
  }
  bool exists(const std::string& path) const override { return files_.contains(path) || directories_.contains(path); }
  Result<std::vector<std::string>> list(const std::string& directory) const override {
    if (!directories_.contains(directory)) return missing(directory);
    std::set<std::string> names;
    const std::string prefix = directory + "/";
    for (const auto& [path, inode] : files_) add_name(names, prefix, path);
    for (const std::string& path : directories_) add_name(names, prefix, path);
    return std::vector<std::string>(names.begin(), names.end());
  }
  Result<void> make_directories(const std::string& path) override {
    for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1))
      directories_.insert(path.substr(0, end));
    directories_.insert(path);
    return Ok();
  }
  Result<void> remove(const std::string& path) override {
    if (files_.erase(path) == 0) return Ok();
    changed_names_[directory_of(path)].insert(path);
    return Ok();
  }
  Result<void> remove_tree(const std::string& path) override {
    const std::string prefix = path + "/";
    std::erase_if(files_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
    std::erase_if(durable_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
    std::erase_if(directories_, [&](const std::string& name) { return name == path || name.starts_with(prefix); });
    return Ok();
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    const auto found = files_.find(from);
    if (found == files_.end()) return missing(from);
    files_[to] = found->second;
    files_.erase(from);
    changed_names_[directory_of(from)].insert(from);
    changed_names_[directory_of(to)].insert(to);
    STREAMOPS_RETURN_IF_ERROR(sync_directory(directory_of(from)));
    return sync_directory(directory_of(to));
  }
  Result<void> sync_directory(const std::string& path) override {
    for (const std::string& name : changed_names_[path]) make_name_durable(name);
    changed_names_.erase(path);
    return Ok();
  }

  /// Changes one byte of a file, as a failing disk or another program would.
  void flip_byte(const std::string& path, std::uint64_t offset) {
    Inode& inode = *files_.at(path);
    inode.now.at(offset) ^= 0x5a;
    if (offset < inode.synced.size()) inode.synced[offset] = inode.now[offset];
  }

 protected:
  Result<void> set_mode(const std::string&, unsigned) override { return Ok(); }
  Result<runtime::FilePtr> open_for_read(const std::string& path) const override {
    const auto found = files_.find(path);
    if (found == files_.end()) return missing(path);
    return runtime::FilePtr(std::make_unique<OpenFile>(const_cast<FaultyDisk&>(*this), found->second));
  }

 private:
  static constexpr std::size_t block_bytes = 512;

  struct Inode {
    Bytes now;
    Bytes synced;
  };
  using Files = std::map<std::string, std::shared_ptr<Inode>>;

  class OpenFile final : public runtime::File {
   public:
    OpenFile(FaultyDisk& disk, std::shared_ptr<Inode> inode) : disk_(disk), inode_(std::move(inode)) {}
    Result<void> append(BytesView bytes) override { return write_at(inode_->now.size(), bytes); }
    Result<void> write_at(std::uint64_t offset, BytesView bytes) override {
      const std::uint64_t end = offset + bytes.size();
      const std::uint64_t growth = end > inode_->now.size() ? end - inode_->now.size() : 0;
      const std::uint64_t room = disk_.room();
      const std::size_t fits = growth <= room ? bytes.size() : bytes.size() - static_cast<std::size_t>(growth - room);
      if (offset + fits > inode_->now.size()) inode_->now.resize(offset + fits);
      std::copy_n(bytes.begin(), fits, inode_->now.begin() + static_cast<std::ptrdiff_t>(offset));
      if (fits < bytes.size()) return Error(errors::runtime::disk_full, "no room for {} bytes", bytes.size());
      return Ok();
    }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
      if (offset >= inode_->now.size()) return std::size_t{0};
      const std::size_t size = std::min<std::size_t>(out.size(), inode_->now.size() - static_cast<std::size_t>(offset));
      std::copy_n(inode_->now.begin() + static_cast<std::ptrdiff_t>(offset), size, out.begin());
      return size;
    }
    Result<void> truncate(std::uint64_t size) override {
      inode_->now.resize(static_cast<std::size_t>(size));
      return Ok();
    }
    Result<void> sync() override {
      disk_.syncs += 1;
      if (disk_.failing_syncs > 0) {
        disk_.failing_syncs -= 1;
        return Error(errors::runtime::disk_failed, "the device failed");
      }
      inode_->synced = inode_->now;
      return Ok();
    }
    std::uint64_t size() const override { return inode_->now.size(); }

   private:
    FaultyDisk& disk_;
    std::shared_ptr<Inode> inode_;
  };

  static std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
  static Error missing(const std::string& path) {
    return Error(errors::runtime::disk_failed, "{} does not exist", path);
  }
  static void add_name(std::set<std::string>& names, const std::string& prefix, const std::string& path) {
    if (!path.starts_with(prefix)) return;
    const std::string rest = path.substr(prefix.size());
    names.insert(rest.substr(0, rest.find('/')));
  }

  std::uint64_t room() const { return used() >= capacity ? 0 : capacity - used(); }

  void make_name_durable(const std::string& path) {
    const auto found = files_.find(path);
    if (found == files_.end()) {
      durable_.erase(path);
    } else {
      durable_[path] = found->second;
    }
  }

  // Names changed since the directory's last sync: all of them made it, or none.
  void settle_names(const std::string&, const std::set<std::string>& names) {
    if (random_.below(2) == 0) return;
    for (const std::string& name : names) {
      const auto found = durable_.find(name);
      if (found == durable_.end()) {
        files_.erase(name);
      } else {
        files_[name] = found->second;
      }
    }
  }

  std::shared_ptr<Inode> after_power_cut(const Inode& inode) {
    auto left = std::make_shared<Inode>();
    const std::size_t low = std::min(inode.now.size(), inode.synced.size());
    const std::size_t high = std::max(inode.now.size(), inode.synced.size());
    const std::uint64_t choice = random_.below(4);
    std::size_t size = choice == 0   ? inode.synced.size()
                       : choice == 1 ? inode.now.size()
                                     : low + random_.below(high - low + 1);
    left->now.resize(size);
    for (std::size_t at = 0; at < size; at += block_bytes) {
      const Bytes& source = random_.below(2) == 0 ? inode.now : inode.synced;
      const std::size_t end = std::min({at + block_bytes, size, source.size()});
      if (at < end) {
        std::copy(source.begin() + static_cast<std::ptrdiff_t>(at), source.begin() + static_cast<std::ptrdiff_t>(end),
                  left->now.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    left->synced = left->now;
    return left;
  }

  runtime::SeededRandom random_;
  Files files_;
  Files durable_;  // the names that a crash leaves
  std::set<std::string> directories_{"/"};
  std::map<std::string, std::set<std::string>> changed_names_;
};

}  // namespace streamops::test
