// kafka/broker/transactions/transaction_journal.h — the transactions of all transactional ids, in memory and in a
// journal on disk.
//
//   record:  | i8 kind | compact string id | fields |        (the primitive types of kafka/protocol/writer.h)
//     1 state   | the whole transaction: see write_transaction() |
//     2 forget  |
//
// Memory runs ahead of the disk: who changes a transaction calls save() and answers when that is durable. A change that
// the disk refused stays in memory, and the next save() of that id carries it too.
//
// Threads: the broker's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kafka/broker/transactions/transaction.h"
#include "log/group_sync.h"
#include "log/journal.h"

namespace streamops::kafka {

class TransactionJournal {
 public:
  using Done = std::function<void(const Result<void>&)>;

  /// Opens or creates the file and reads it; blocks. Errors: SO-K160 (a record of another version), the journal's, the
  /// disk's.
  static Result<std::unique_ptr<TransactionJournal>> open(const std::string& path, const log::SyncOptions& sync,
                                                          runtime::Disk& disk, runtime::Loop& loop,
                                                          runtime::Pool& pool);

  /// nullptr when the id is not known. Valid until forget().
  Transaction* find(std::string_view id);
  /// The transaction of `id`, a fresh one when there is none.
  Transaction& at(const std::string& id) { return transactions_[id]; }
  std::map<std::string, Transaction, std::less<>>& all() { return transactions_; }

  /// Writes what the transaction is now; `done` when that is durable.
  void save(const std::string& id, Done done);
  /// `done` when everything that was saved so far is durable, perhaps before this returns.
  void when_saved(Done done);
  void forget(const std::string& id);

 private:
  TransactionJournal() = default;
  Result<void> apply(BytesView record);
  void rewrite_when_worth_it();

  std::unique_ptr<log::Journal> journal_;
  std::map<std::string, Transaction, std::less<>> transactions_;
  log::Journal::Sequence last_ = 0;
  bool has_saved_ = false;
};

}  // namespace streamops::kafka
