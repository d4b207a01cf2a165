#include "storage/rocks/impl/adapters.h"

#include <rocksdb/file_system.h>

#include "errors/runtime.h"
#include "errors/storage.h"

namespace streamops::storage {
namespace {

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

class MergeAdapter final : public rocksdb::MergeOperator {
 public:
  explicit MergeAdapter(std::shared_ptr<const MergeRule> rule) : rule_(std::move(rule)) {}
  const char* Name() const override { return rule_->name(); }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::vector<std::string_view> parts;
    parts.reserve(in.operand_list.size() + 1);
    if (in.existing_value != nullptr) parts.push_back(view(*in.existing_value));
    for (const rocksdb::Slice& operand : in.operand_list) parts.push_back(view(operand));
    return rule_->merge(view(in.key), parts, out->new_value);
  }

  bool PartialMergeMulti(const rocksdb::Slice& key, const std::deque<rocksdb::Slice>& operands, std::string* out,
                         rocksdb::Logger*) const override {
    std::vector<std::string_view> parts;
    parts.reserve(operands.size());
    for (const rocksdb::Slice& operand : operands) parts.push_back(view(operand));
    return rule_->merge(view(key), parts, *out);
  }

 private:
  std::shared_ptr<const MergeRule> rule_;
};

class PurgeAdapter final : public rocksdb::CompactionFilter {
 public:
  explicit PurgeAdapter(std::shared_ptr<const PurgeRule> rule) : rule_(std::move(rule)) {}
  const char* Name() const override { return rule_->name(); }

  Decision FilterV2(int, const rocksdb::Slice& key, ValueType type, const rocksdb::Slice& value,
                    std::string* replacement, std::string*) const override {
    // An operand may have older ones under it in a deeper level: dropping it could bring those back.
    if (type != ValueType::kValue) return Decision::kKeep;
    switch (rule_->judge(view(key), view(value), *replacement)) {
      case PurgeRule::Verdict::remove:
        return Decision::kRemove;
      case PurgeRule::Verdict::replace:
        return Decision::kChangeValue;
      case PurgeRule::Verdict::keep:
        break;
    }
    return Decision::kKeep;
  }

 private:
  std::shared_ptr<const PurgeRule> rule_;
};

using HasRoom = std::function<bool(std::uint64_t)>;

class LimitedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LimitedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<const HasRoom> has_room)
      : FSWritableFileOwnerWrapper(std::move(file)), has_room_(std::move(has_room)) {}
  using FSWritableFileOwnerWrapper::Append;
  using FSWritableFileOwnerWrapper::PositionedAppend;

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    if (!(*has_room_)(data.size())) return rocksdb::IOStatus::NoSpace("no room left by the limit");
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }

 private:
  std::shared_ptr<const HasRoom> has_room_;
};

class LimitedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit LimitedFileSystem(HasRoom has_room)
      : FileSystemWrapper(rocksdb::FileSystem::Default()),
        has_room_(std::make_shared<const HasRoom>(std::move(has_room))) {}
  const char* Name() const override { return "streamops-limited"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* out,
                                    rocksdb::IODebugContext* debug) override {
    return wrap(target()->NewWritableFile(name, options, out, debug), out);
  }
  rocksdb::IOStatus ReuseWritableFile(const std::string& name, const std::string& old,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* out,
                                      rocksdb::IODebugContext* debug) override {
    return wrap(target()->ReuseWritableFile(name, old, options, out, debug), out);
  }

 private:
  rocksdb::IOStatus wrap(rocksdb::IOStatus status, std::unique_ptr<rocksdb::FSWritableFile>* out) {
    if (status.ok()) *out = std::make_unique<LimitedFile>(std::move(*out), has_room_);
    return status;
  }

  std::shared_ptr<const HasRoom> has_room_;
};

bool is_full(const rocksdb::Status& status) {
  return status.IsNoSpace() || status.subcode() == rocksdb::Status::SubCode::kNoSpace ||
         status.subcode() == rocksdb::Status::SubCode::kSpaceLimit;
}

bool is_locked(const std::string& text) {
  return text.find("lock ") != std::string::npos && text.find("LOCK") != std::string::npos;
}

}  // namespace

std::shared_ptr<rocksdb::MergeOperator> make_merge_operator(std::shared_ptr<const MergeRule> rule) {
  return std::make_shared<MergeAdapter>(std::move(rule));
}

std::unique_ptr<rocksdb::CompactionFilter> make_compaction_filter(std::shared_ptr<const PurgeRule> rule) {
  return std::make_unique<PurgeAdapter>(std::move(rule));
}

std::unique_ptr<rocksdb::Env> make_limited_env(std::function<bool(std::uint64_t)> has_room) {
  return rocksdb::NewCompositeEnv(std::make_shared<LimitedFileSystem>(std::move(has_room)));
}

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  const std::string text = status.ToString();
  if (is_full(status)) return Error(errors::runtime::disk_full, "{}: no room left on the disk", doing);
  if (status.IsCorruption()) return Error(errors::storage::damaged, "{}: {}", doing, text);
  if (status.IsInvalidArgument() || status.IsNotSupported())
    return Error(errors::storage::other_format, "{}: {}", doing, text);
  if (is_locked(text)) return Error(errors::runtime::directory_locked, "{}: {}", doing, text);
  return Error(errors::runtime::disk_failed, "{}: {}", doing, text);
}

}  // namespace streamops::storage
