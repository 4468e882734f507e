#include "serve/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "serve/json_text.h"
#include "serve/known_run.h"
#include "serve/worker.h"

namespace soak::serve {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTick{250};  // so often a run that is watched is looked at
constexpr milliseconds kBetweenRunsEvents{1'000};
constexpr milliseconds kListBudget{250};    // of reading, for one answer with the list
constexpr milliseconds kTickBudget{100};    // of reading, between two answers
constexpr milliseconds kActiveFor{30'000};  // after a question, the list is kept up to date
constexpr milliseconds kJudgeAgainMin{2'000};
constexpr int kJudgeShare = 10;  // a run in progress is judged for at most a tenth of the time
constexpr std::size_t kWaitingMax = 1000;

http::Reply json_reply(std::string body) {
  http::Reply reply;
  reply.headers.emplace_back("Cache-Control", "no-store");
  reply.body = std::move(body);
  return reply;
}

http::Reply metrics_reply(std::string text) {
  http::Reply reply = json_reply(std::move(text));
  reply.content_type = kMetricsContentType;
  return reply;
}

class ReadingLibrary final : public Library {
 public:
  ReadingLibrary(LibraryOptions options, RunCatalog catalog, Publish publish)
      : options_(std::move(options)),
        publish_(std::move(publish)),
        catalog_(std::move(catalog)),
        judge_(std::make_unique<Worker>()),
        reader_(std::make_unique<Worker>([this] { return tick(); })) {}
  ~ReadingLibrary() override {
    reader_->stop();
    judge_->stop();
  }

  void ask(Query query, Answer answer) override {
    reader_->post([this, question = Question{std::move(query), std::move(answer)}]() mutable {
      active_until_ = steady_clock::now() + kActiveFor;
      rescan();
      answer_now(std::move(question));
    });
  }

  void watch(const std::string& run, bool opened) override {
    reader_->post([this, run, opened] {
      watchers_ += opened ? 1 : -1;
      const auto found = runs_.find(run);
      if (found == runs_.end()) {
        if ((watchers_of_gone_[run] += opened ? 1 : -1) <= 0) watchers_of_gone_.erase(run);
        return;
      }
      Known& known = found->second;
      if (opened && known.watchers == 0) {
        known.told_iteration = known.item ? known.item->totals.iterations : 0;
        known.told_state = known.run.state;
      }
      known.watchers += opened ? 1 : -1;
    });
  }

 private:
  // ---- the list of runs ----

  void rescan() {
    if (!catalog_.rescan()) return;
    const Json problems_now = problems();
    bool came_or_went = std::exchange(problems_told_, problems_now) != problems_now;
    for (const auto& [id, run] : catalog_.runs()) {
      const auto [known, is_new] = runs_.try_emplace(id);
      came_or_went = came_or_went || is_new;
      known->second.run = run;
      if (const auto waited = watchers_of_gone_.find(id); is_new && waited != watchers_of_gone_.end()) {
        known->second.watchers = waited->second;
        watchers_of_gone_.erase(waited);
      }
    }
    for (auto known = runs_.begin(); known != runs_.end();) {
      if (catalog_.runs().contains(known->first) || known->second.judging) {
        ++known;
        continue;
      }
      if (known->second.watchers > 0) watchers_of_gone_[known->first] = known->second.watchers;
      known = runs_.erase(known);
      came_or_went = true;
    }
    if (!came_or_went) return;
    list_changed_ = true;
    for (const auto& [id, known] : runs_) {
      if (known.watchers > 0) publish_({id, "event: runs\ndata: {}\n\n"});
    }
    for (const auto& [id, watchers] : watchers_of_gone_) publish_({id, "event: runs\ndata: {}\n\n"});
  }

  // Between two scans.
  static void look(Known& known, const HeldLocks& locks) {
    const FolderLook now = look_at(known.run.folder, locks);
    if (!now.exists) return;
    known.run.state = now.state;
    known.run.stamp = now.stamp;
  }

  // Reads what is new in one run, and makes its row of it.
  void refresh(Known& known) {
    known.used = ++uses_;
    if (known.view && (known.run.state == RunState::kForeign) != known.view->is_foreign()) known.view.reset();
    if (known.up_to_date() && known.view) return;
    if (!known.view) {
      known.view = std::make_unique<RunView>(known.run.folder, known.run.state == RunState::kForeign,
                                             options_.defaults);
      keep_few_views();
    }
    const FolderStamp stamp = known.run.stamp;
    const auto read = known.view->refresh();
    known.error = read ? std::nullopt : std::optional<Error>(read.error());
    known.item_stamp = stamp;
    make_row(known);
  }

  void make_row(Known& known) {
    if (!known.view) return;
    const std::optional<std::string> verdict = known.item ? known.item->verdict : std::nullopt;
    // Of a run that has ended, an old judgement is no verdict.
    const bool counts = known.run.state == RunState::kRunning || known.judgement_is_current();
    known.item = make_item(known.run, *known.view, counts ? known.judgement.get() : nullptr, known.error);
    if (!known.judgement && known.judged_as_it_stands()) known.item->verdict = verdict;
    list_changed_ = true;
  }

  void keep_few_views() {
    for (const bool judgements : {false, true}) {
      std::vector<Known*> holding;
      for (auto& [id, known] : runs_) {
        if (judgements ? known.judgement != nullptr : known.view != nullptr) holding.push_back(&known);
      }
      std::sort(holding.begin(), holding.end(),
                [](const Known* a, const Known* b) { return a->used > b->used; });
      for (std::size_t k = kViewsMax; k < holding.size(); ++k) {
        if (judgements)
          holding[k]->judgement.reset();
        else
          holding[k]->view.reset();
      }
    }
  }

  // As many runs as fit into the time. False: there are more.
  bool read_runs(milliseconds budget) {
    const auto until = steady_clock::now() + budget;
    for (auto& [id, known] : runs_) {
      if (known.up_to_date()) continue;
      if (steady_clock::now() >= until) return false;
      refresh(known);
      if (!known.view->caught_up() && !known.error) return false;
    }
    return true;
  }

  // ---- judging ----

  void judge(Known& known) {
    if (known.judging || (known.in_progress() && steady_clock::now() < known.judge_next)) return;
    known.judging = true;
    ++judging_;
    judge_->post([this, id = known.run.id, folder = known.run.folder, stamp = known.run.stamp,
                  in_progress = known.in_progress(), profile = known.view->profile(),
                  registry = known.view->registry()] {
      auto judgement =
          std::make_shared<const Judgement>(judge_run_folder(folder, profile, registry, in_progress));
      reader_->post(
          [this, id, stamp, in_progress, judgement] { take_judgement(id, stamp, in_progress, judgement); });
    });
  }

  void take_judgement(const std::string& id, const FolderStamp& stamp, bool in_progress,
                      std::shared_ptr<const Judgement> judgement) {
    --judging_;
    const auto found = runs_.find(id);
    if (found == runs_.end()) return;
    Known& known = found->second;
    known.judging = false;
    known.judged_once = true;
    known.judgement = std::move(judgement);
    known.judged_stamp = stamp;
    known.judged_in_progress = in_progress;
    known.judge_next = known.run.state == RunState::kRunning
                           ? steady_clock::now() +
                                 std::max<milliseconds>(kJudgeAgainMin, known.judgement->took * kJudgeShare)
                           : steady_clock::time_point();
    make_row(known);
    if (known.item && !known.view && known.run.state != RunState::kRunning && known.judgement_is_current()) {
      known.item->verdict = verdict_of(*known.judgement);
      list_changed_ = true;
    }
    keep_few_views();
    for (Question& question : std::exchange(known.waiting, {}))
      answer_about_run(known, std::move(question), false);
  }

  // ---- answers ----

  void answer_now(Question question) {
    const Query& query = question.query;
    if (query.route == Route::kEvents) return question.answer({});
    if (query.route == Route::kRuns) return question.answer(json_reply(list_json(query)));
    if (query.route == Route::kMetrics) return answer_metrics(std::move(question));
    Known* const known = find(query.run);
    if (known == nullptr) return question.answer(no_such_run(query.run));
    look(*known, HeldLocks::now());
    refresh(*known);
    if (query.route == Route::kRunEvents) return question.answer({});
    if (query.route == Route::kSeries)
      return question.answer(json_reply(known->view->columns().series_json(query.range)));
    if (query.route == Route::kCompare) return answer_comparison(*known, question);
    answer_about_run(*known, std::move(question), true);
  }

  Known* find(const std::string& run) {
    const auto found = runs_.find(run);
    return found == runs_.end() ? nullptr : &found->second;
  }
  static http::Reply no_such_run(const std::string& run) {
    return http::error_reply(404, "not_found", "there is no run " + run);
  }

  // What needs a judgement: it is waited for where there is none, or where the run has ended and it is old.
  void answer_about_run(Known& known, Question question, bool may_wait) {
    refresh(known);
    if (known.can_be_judged() && !known.judgement_is_current()) {
      judge(known);
      const bool old_will_do = known.judgement != nullptr && known.run.state == RunState::kRunning;
      if (may_wait && known.judging && !old_will_do && known.waiting.size() < kWaitingMax) {
        known.waiting.push_back(std::move(question));
        return;
      }
    }
    const Judgement* judgement = known.error ? nullptr : known.judgement.get();
    switch (question.query.route) {
      case Route::kLedger:
        return question.answer(json_reply(ledger_json(judgement, question.query)));
      case Route::kMetrics:
        // A counter of a journal that is only half read would go down and up again.
        if (!known.view->caught_up() && !known.error)
          return question.answer(http::error_reply(503, "busy", "the journal is still being read"));
        return question.answer(metrics_reply(metrics_text(
            {&*known.item, known.view.get(), judgement, options_.apply_times, options_.soak_version})));
      default:
        return question.answer(json_reply(run_json(*known.item, *known.view, judgement)));
    }
  }

  void answer_comparison(Known& a, const Question& question) {
    Known* const b = find(question.query.other);
    if (b == nullptr) return question.answer(no_such_run(question.query.other));
    look(*b, HeldLocks::now());
    refresh(*b);
    refresh(a);
    question.answer(json_reply(comparison_json({*a.item, *a.view}, {*b->item, *b->view})));
  }

  // Of a run that goes on, or else of the one that was written last.
  void answer_metrics(Question question) {
    read_runs(kListBudget);
    Known* newest = nullptr;
    const auto rank = [](const Known& known) {
      return std::pair(known.in_progress(), known.run.stamp.changed_ns);
    };
    for (auto& [id, known] : runs_) {
      if (newest == nullptr || rank(known) > rank(*newest)) newest = &known;
    }
    if (newest == nullptr) return question.answer(metrics_reply("# no run yet\n"));
    answer_about_run(*newest, std::move(question), true);
  }

  // Newest first, by their start; without one last, by id.
  std::vector<const RunItem*> sorted(const std::string& text) const {
    std::vector<const RunItem*> items;
    for (const auto& [id, known] : runs_) {
      if (known.item && matches(*known.item, text)) items.push_back(&*known.item);
    }
    std::sort(items.begin(), items.end(), [](const RunItem* a, const RunItem* b) {
      if (a->started_utc != b->started_utc) return a->started_utc > b->started_utc;
      return a->id < b->id;
    });
    return items;
  }

  Json problems() const {
    Json lines = Json::array();
    for (const Error& problem : catalog_.problems()) lines.push_back(to_line(problem));
    return lines;
  }

  std::string list_json(const Query& query) {
    read_runs(kListBudget);
    const auto items = sorted(query.text);
    Json list = Json::array();
    for (std::size_t k = query.offset; k < std::min(items.size(), query.offset + query.limit); ++k)
      list.push_back(to_json(*items[k]));
    return dumped({{"runs", list},
                   {"total", items.size()},
                   {"problems", problems()},
                   {"version", options_.soak_version}}) +
           "\n";
  }

  // ---- events ----

  milliseconds tick() {
    if (watchers_ == 0 && steady_clock::now() > active_until_) return kTick;
    rescan();
    tell_watchers();
    const bool all_read = read_runs(kTickBudget);
    if (all_read && judging_ == 0) judge_one_in_passing();
    const auto now = steady_clock::now();
    if (list_changed_ && now >= list_told_ + kBetweenRunsEvents) {
      list_changed_ = false;
      list_told_ = now;
      publish_({"", "event: runs\ndata: {}\n\n"});
    }
    return all_read ? kTick : milliseconds(1);
  }

  void tell_watchers() {
    std::optional<HeldLocks> locks;
    for (auto& [id, known] : runs_) {
      if (known.watchers == 0) continue;
      if (!locks) locks = HeldLocks::now();
      look(known, *locks);
      if (!known.up_to_date()) refresh(known);
      const std::int64_t iterations = known.item->totals.iterations;
      const std::string state(run_state_name(known.run.state));
      if (iterations != std::exchange(known.told_iteration, iterations)) {
        publish_({id, fmt::format("event: iteration\ndata: {{\"iteration\":{},\"state\":\"{}\"}}\n\n",
                                  known.view ? known.view->last_iteration() : iterations, state)});
      }
      if (known.run.state != std::exchange(known.told_state, known.run.state))
        publish_({id, fmt::format("event: state\ndata: {{\"state\":\"{}\"}}\n\n", state)});
    }
  }

  // The verdicts of the list, one run after another.
  void judge_one_in_passing() {
    for (auto& [id, known] : runs_) {
      if (known.judged_as_it_stands() || known.run.state == RunState::kRunning || known.error || !known.item)
        continue;
      refresh(known);
      if (!known.can_be_judged()) continue;
      return judge(known);
    }
  }

  const LibraryOptions options_;
  const Publish publish_;
  // All of this belongs to the reading thread.
  RunCatalog catalog_;
  std::map<std::string, Known> runs_;
  std::map<std::string, int> watchers_of_gone_;  // streams on runs that went, and may come again
  std::uint64_t uses_ = 0;
  int watchers_ = 0;
  int judging_ = 0;
  bool list_changed_ = false;
  Json problems_told_ = Json::array();
  steady_clock::time_point list_told_{};
  steady_clock::time_point active_until_{};
  std::unique_ptr<Worker> judge_;
  std::unique_ptr<Worker> reader_;
};

}  // namespace

Result<std::unique_ptr<Library>> Library::create(LibraryOptions options, Publish publish) {
  auto catalog = RunCatalog::create(options.path);
  if (!catalog) return tl::unexpected(catalog.error());
  return std::make_unique<ReadingLibrary>(std::move(options), std::move(*catalog), std::move(publish));
}

}  // namespace soak::serve
