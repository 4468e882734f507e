#include "target/external_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/supervised_process.h"
#include "target/event_queue.h"
#include "target/file_watch.h"
#include "target/log_tail.h"
#include "target/report_keeper.h"

namespace soak::target {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Kind = TargetEvent::Kind;

constexpr milliseconds kSlice{20};  // how soon a death or a stop is noticed
constexpr milliseconds kOverslept{
    1000};  // a slice that took this much longer: we were stopped, or the machine slept
constexpr milliseconds kSilenceMin{5000};
constexpr std::int64_t kSilentIterations = 2;
constexpr char kReportPrefix[] = "report-";

class ExternalTarget final : public Target {
 public:
  explicit ExternalTarget(ExternalTargetOptions options) : options_(std::move(options)) {}
  ~ExternalTarget() override { stop(); }

  std::string name() const override { return options_.scrape ? "scraped" : "external"; }

  Result<void> start() override {
    stop();
    queue_ = std::make_unique<EventQueue>();
    if (auto begun = begin(); !begun) {
      stop();
      return begun;
    }
    started_ = true;
    dying_ = false;
    ended_at_.reset();
    last_report_ = steady_clock::now();
    await_first_report();
    return {};
  }

  void stop() override {
    if (process_ != nullptr) process_->stop();
    process_.reset();
    if (queue_ != nullptr) queue_->close();
    scraper_.reset();
    watch_.reset();
    queue_.reset();
    failed_.reset();
  }

  Result<IterationOutcome> run_iteration(const IterationRequest& request) override {
    IterationOutcome outcome;
    outcome.started = std::exchange(started_, false);
    // What the loop does between two iterations (a change may wait for a yes) is no silence of the target's.
    if (ended_at_) last_report_ += steady_clock::now() - *ended_at_;
    if (auto ran = run(request, outcome); !ran) return tl::unexpected(ran.error());
    ended_at_ = steady_clock::now();
    started_ = started_ || (outcome.interrupted && outcome.started);
    outcome.end = base::RealClock().now();
    return outcome;
  }

 private:
  std::string log_path() const { return options_.folder + "/" + kTargetLogName; }
  static bool is_set(const volatile std::sig_atomic_t* flag) { return flag != nullptr && *flag != 0; }

  Result<void> begin() {
    FileWatchOptions watched{{}, options_.runtime_path};
    if (!options_.scrape) {
      const std::string folder = options_.folder + "/" + kTargetFolderName;
      if (auto removed = remove_reports(options_.folder); !removed) return removed;
      if (auto made = base::make_folders(folder); !made) return made;
      watched.report_path = report_path_ = folder + "/" + kReportPrefix + base::random_suffix() + ".json";
    }
    auto watch = FileWatch::start(watched, *queue_);
    if (!watch) return tl::unexpected(watch.error());
    watch_ = std::move(*watch);
    const auto runtime = base::read_file(options_.runtime_path);
    if (!runtime) return tl::unexpected(runtime.error());
    told_hash_ = base::sha256_hex(*runtime);
    if (!options_.command.empty()) {
      auto process =
          base::SupervisedProcess::start({options_.command, environment(), log_path(), options_.grace});
      if (!process) return tl::unexpected(process.error());
      process_ = std::move(*process);
    }
    if (!options_.scrape) return {};
    auto scraper = Scraper::start(*options_.scrape, *queue_);
    if (!scraper) return tl::unexpected(scraper.error());
    scraper_ = std::move(*scraper);
    return {};
  }

  std::vector<std::pair<std::string, std::string>> environment() const {
    std::vector<std::pair<std::string, std::string>> variables = {
        {kRuntimeVariable, options_.runtime_path},
        {kIterationVariable,
         fmt::format("{:g}", static_cast<double>(options_.iteration_length.count()) / 1000)}};
    if (!options_.scrape) variables.emplace_back(kReportVariable, report_path_);
    return variables;
  }

  // The first report is one of the first iteration as well: it tells the instance.
  void await_first_report() {
    const auto deadline = steady_clock::now() + options_.ready;
    while (!is_set(options_.stop)) {
      auto event = queue_->pop_until(std::min(deadline, steady_clock::now() + kSlice));
      if (event && event->kind == Kind::kReport) return queue_->put_back(std::move(*event));
      if (event && event->kind == Kind::kBadReport) return fail_with("torn_report", event->text);
      if (event) continue;
      if (process_ != nullptr && process_->end())
        return fail_with("crashed", "before its first report, it " + how_it_ended());
      if (steady_clock::now() >= deadline)
        return fail_with("hung", silence("no first report", options_.ready));
    }
  }

  void fail_with(const char* kind, std::string detail) {
    failed_ = journal::Fault{0, kind, {}, std::move(detail)};
  }

  std::string silence(const char* what, milliseconds within) const {
    std::string text = fmt::format("{} within {:g} s", what, static_cast<double>(within.count()) / 1000);
    if (scraper_ != nullptr && !scraper_->last_problem().empty()) text += ": " + scraper_->last_problem();
    return process_ == nullptr ? text : text + last_words(log_path());
  }
  std::string how_it_ended() const { return process_->end()->text() + last_words(log_path()); }

  // One iteration as it goes.
  struct Course {
    const IterationRequest& request;
    IterationOutcome& outcome;
    steady_clock::time_point start = steady_clock::now();
    ReportKeeper keeper;
    bool edited = false;  // by another hand: what the target should have in effect is not known any more
  };

  Result<void> run(const IterationRequest& request, IterationOutcome& outcome) {
    Course course{request, outcome, steady_clock::now(), {}, false};
    tell_of_change(request.runtime_hash);
    const auto deadline = course.start + request.length;
    while (!failed_) {
      if (is_set(request.stop) || is_set(options_.stop)) {
        outcome.interrupted = true;
        return {};
      }
      const auto before = steady_clock::now();
      auto event = queue_->pop_until(std::min(deadline, before + kSlice));
      if (steady_clock::now() - before > kSlice + kOverslept) last_report_ += steady_clock::now() - before;
      if (event) {
        const bool beyond = event->at >= deadline;
        take(std::move(*event), course);
        if (beyond) break;
        continue;
      }
      look_for_end(request);
      if (steady_clock::now() >= deadline) break;
    }
    outcome.dropped = static_cast<std::int64_t>(course.keeper.dropped());
    outcome.reports = course.keeper.take();
    if (!failed_) return trim_log(log_path());
    failed_->iteration = request.iteration;
    outcome.faults.push_back(*failed_);
    outcome.ended = true;
    return {};
  }

  void tell_of_change(const std::string& runtime_hash) {
    const bool changed = std::exchange(told_hash_, runtime_hash) != runtime_hash;
    if (changed && options_.reload == Reload::kSighup && process_ != nullptr) process_->hang_up();
  }

  void take(TargetEvent event, Course& course) {
    const IterationRequest& request = course.request;
    if (event.kind == Kind::kBadReport) return fail_with("torn_report", event.text);
    if (event.kind == Kind::kRuntimeFile) {
      // Before the start the loop itself looks at the file, which it was writing.
      if (event.at < course.start || event.text == request.runtime_hash) return;
      course.edited = true;
      if (course.outcome.edits.size() < kEditsMax)
        course.outcome.edits.push_back({base::format_utc(event.utc), event.text});
      return;
    }
    last_report_ = steady_clock::now();
    journal::SeenReport seen;
    seen.iteration = request.iteration;
    seen.seq = event.seq;
    seen.seen_utc = base::format_utc(event.utc);
    seen.settled = !course.edited && event.at - course.start >= request.settle;
    seen.report = std::move(event.report);
    course.keeper.add(std::move(seen), event.bytes);
  }

  // Of what it did before it died, nothing is lost: the last report may be there and not yet read.
  void look_for_end(const IterationRequest& request) {
    if (process_ != nullptr && process_->end()) {
      if (std::exchange(dying_, true)) return fail_with("crashed", "the target " + how_it_ended());
      return watch_->catch_up();
    }
    const milliseconds patience = std::max(kSilentIterations * request.length, kSilenceMin);
    if (steady_clock::now() - last_report_ >= patience) fail_with("hung", silence("no report", patience));
  }

  static constexpr std::size_t kEditsMax = 100;  // of one iteration

  ExternalTargetOptions options_;
  std::string report_path_;
  std::unique_ptr<EventQueue> queue_;
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<Scraper> scraper_;
  std::unique_ptr<base::SupervisedProcess> process_;
  bool started_ = false;  // since the last iteration
  bool dying_ = false;
  std::optional<journal::Fault> failed_;  // the target cannot go on
  steady_clock::time_point last_report_;
  std::optional<steady_clock::time_point> ended_at_;  // the last iteration
  std::string told_hash_;  // the runtime file that the target was started with, or last told of
};

}  // namespace

Result<void> remove_reports(const std::string& run_folder) {
  const std::string folder = run_folder + "/" + kTargetFolderName;
  if (base::is_link(folder))
    return fail(ErrorCode::kNotAFile, "is a symbolic link, where the run's own folder of reports belongs",
                folder);
  const auto names = base::list_folder(folder);
  if (!names) return {};  // never made
  for (const std::string& name : *names) {
    if (!name.starts_with(kReportPrefix)) continue;
    if (auto removed = base::remove_file(folder + "/" + name); !removed) return removed;
  }
  return {};
}

std::unique_ptr<Target> make_external_target(ExternalTargetOptions options) {
  return std::make_unique<ExternalTarget>(std::move(options));
}

}  // namespace soak::target
