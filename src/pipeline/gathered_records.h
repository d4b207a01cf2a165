// pipeline/gathered_records.h — everything of one epoch, in an order that a replay has too: tables before further
// streams before the source, partitions by number, offsets in each.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "data/position.h"
#include "pipeline/merged_source.h"

namespace streamops::pipeline {

class GatheredRecords {
 public:
  void add(const data::Records& more) {
    owners_->push_back(more.owner);
    records_.insert(records_.end(), more.records.begin(), more.records.end());
  }

  data::Records in_order() {
    const auto before = [](const data::Record& a, const data::Record& b) {
      const std::size_t left = input_of(a.partition), right = input_of(b.partition);
      return left != right ? left > right : a.partition < b.partition;
    };
    if (!std::is_sorted(records_.begin(), records_.end(), before)) {
      std::stable_sort(records_.begin(), records_.end(), before);
    }
    return {owners_, records_, 0};
  }

  void clear() {
    owners_ = std::make_shared<Owners>();
    records_.clear();
  }

 private:
  using Owners = std::vector<std::shared_ptr<const void>>;

  std::shared_ptr<Owners> owners_ = std::make_shared<Owners>();
  std::vector<data::Record> records_;
};

}  // namespace streamops::pipeline
