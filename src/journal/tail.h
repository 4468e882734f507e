#pragma once
// Follows a journal that grows, for a page that shows a run in progress: each record is read once, and
// nothing is ever read again, locked or written.
//
// What a reader of the whole would call a torn tail may be the record that is being written: it is waited
// for. A journal that was cut, as --resume cuts a torn tail, goes on; one that was replaced starts over.
// Damage is kCorrupt, for ever. Reports are looked at for what says that the target lives, and iterations in
// full.

#include <soak/params.h>
#include <soak/result.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "journal/artifacts.h"

namespace soak::journal {

// The head of one report of the target.
struct ReportHead {
  std::int64_t iteration = 0;
  std::int64_t seq = 0;
  std::string_view seen_utc;  // both valid during the call
  std::string_view instance_id;
};

class JournalListener {
 public:
  virtual ~JournalListener() = default;
  // Forget everything: the journal is another one.
  virtual void on_restart() = 0;
  // `body` is that of the run header. An error ends the reading for good, and is passed on.
  virtual Result<void> on_header(RunHeader header, const Json& body) = 0;
  virtual void on_report(const ReportHead& report) = 0;
  virtual void on_iteration(IterationFacts facts) = 0;
};

class JournalTail {
 public:
  JournalTail(std::string path, JournalListener& listener);
  ~JournalTail();
  JournalTail(const JournalTail&) = delete;
  JournalTail& operator=(const JournalTail&) = delete;

  // Reads what has come, at most about `bytes_max`. True: more may be there at once. `registry` says which
  // parameters there are. kNotFound, kCorrupt, kInvalidValue and the errors of reading; they come again with
  // each call until the journal is another one.
  Result<bool> read(const Registry& registry, std::uint64_t bytes_max);

  std::uint64_t offset() const;  // behind the last record that was read
  // The journal's size, as last seen, is more than was read: a record is being written, or was torn.
  bool unread_bytes() const;

 private:
  struct Reading;
  std::unique_ptr<Reading> reading_;
};

}  // namespace soak::journal
