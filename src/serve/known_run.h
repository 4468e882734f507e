#pragma once
// What the library knows of one run, and who waits for it. Not for use outside this room. One thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "serve/judgement.h"
#include "serve/library.h"
#include "serve/query.h"
#include "serve/run_catalog.h"
#include "serve/run_json.h"
#include "serve/run_view.h"

namespace soak::serve {

struct Question {
  Query query;
  Library::Answer answer;
};

struct Known {
  CatalogRun run;
  std::unique_ptr<RunView> view;
  std::optional<RunItem> item;  // nothing: not read yet
  FolderStamp item_stamp;
  std::shared_ptr<const Judgement> judgement;
  FolderStamp judged_stamp;
  std::optional<Error> error;
  bool judged_once = false;
  bool judged_in_progress = false;
  bool judging = false;
  std::chrono::steady_clock::time_point judge_next{};
  std::vector<Question> waiting;  // for the judgement
  std::uint64_t used = 0;         // when, by a count
  int watchers = 0;
  std::int64_t told_iteration = 0;
  RunState told_state = RunState::kEnded;

  bool in_progress() const { return run.state == RunState::kRunning; }
  bool up_to_date() const {
    return item && item_stamp == run.stamp && item->state == run.state &&
           (!view || view->caught_up() || error);
  }
  // Whether or not the judgement itself is still held.
  bool judged_as_it_stands() const {
    return judged_once && judged_stamp == run.stamp && judged_in_progress == in_progress();
  }
  bool judgement_is_current() const { return judgement != nullptr && judged_as_it_stands(); }
  bool can_be_judged() const {
    return !error && view && (view->totals().iterations > 0 || run.state == RunState::kEnded);
  }
};

}  // namespace soak::serve
