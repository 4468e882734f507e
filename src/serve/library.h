#pragma once
// Everything that is known about the runs below a folder, in two threads of its own: one that reads, and one
// that judges (gate, verify, ledger), which may take seconds for a long run. Reads only, and never locks a
// file.
//
// Memory: the columns of at most kViewsMax runs and the judgements of as many are kept, the least used go
// first; of every other run its row in the list. How many read makes no difference.

#include <soak/result.h>
#include <functional>
#include <memory>
#include <string>

#include "http/server.h"
#include "serve/live_metrics.h"
#include "serve/query.h"
#include "serve/run_view.h"

namespace soak::serve {

inline constexpr std::size_t kViewsMax = 16;

struct LibraryOptions {
  std::string path;
  Defaults defaults;
  std::string soak_version;
  const ApplyTimes* apply_times = nullptr;  // of the run in this process; outlives the library
};

// An event of a stream: of one run, or (`run` empty) of the list.
struct StreamEvent {
  std::string run;
  std::string text;
};

class Library {
 public:
  // Called in a thread of the library's, and must not wait.
  using Answer = std::function<void(http::Reply)>;
  using Publish = std::function<void(StreamEvent)>;

  // kNotFound, kNotAFile where the path is no folder.
  static Result<std::unique_ptr<Library>> create(LibraryOptions options, Publish publish);
  virtual ~Library() = default;  // waits for the reading and the judging that are under way

  // From any thread. `answer` is called once, unless the library goes before. Of the routes with a stream the
  // answer only says whether there is such a run: 200 or 404.
  virtual void ask(Query query, Answer answer) = 0;
  // From any thread: a stream on the run (empty: on the list) was opened or closed.
  virtual void watch(const std::string& run, bool opened) = 0;
};

}  // namespace soak::serve
