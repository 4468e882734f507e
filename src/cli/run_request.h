#pragma once
// What `soak run` was asked for, and the plan that it makes of it.

#include <soak/params.h>
#include <soak/result.h>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyze/profile.h"
#include "loop/run.h"
#include "loop/run_folder.h"
#include "target/target.h"
#include "tuner/tuner.h"

namespace soak::cli {

struct RunRequest {
  std::int64_t iterations = 0;       // 0: by the duration
  std::optional<double> duration_s;  // as many whole iterations as it holds, if that is fewer
  bool auto_tune = false;
  std::string tuner;  // rules, plan:FILE or none; empty: by auto_tune
  bool mock = false;
  std::uint64_t seed = 1;
  std::string feed;
  bool loop_feed = false;
  std::string out;
  std::string overrides;
  bool resume = false;
  bool overwrite = false;
  double iteration_s = 300;
  std::optional<double> settle_s;    // by default a tenth of the iteration
  std::vector<std::string> command;  // the external target's
  bool reload_by_sighup = false;
  double ready_s = 30;
  double grace_s = 5;
  std::string scrape;                    // an address
  std::string scrape_map;                // a file
  std::optional<double> scrape_every_s;  // by default a twentieth of the iteration, 0.1 to 15 s
  std::int64_t keep_summaries = journal::kSummariesKept;
  bool rollback = false;
  bool stop_on_veto = false;
  bool approve = false;
  std::string approve_file;  // empty: on the terminal
  double approve_s = 3600;   // no answer within it is a no
  std::vector<std::string> pins;
  std::string params;
  std::string kpi_profile;
  std::string serve;           // where the live page is to be had; empty: nowhere
  std::string metrics_listen;  // the same of the metrics
  bool quiet = false;
  const volatile std::sig_atomic_t* stop = nullptr;  // set by a signal handler

  bool external() const { return !command.empty() || !scrape.empty(); }
};

// Everything that a run needs, owned. `plan` points into the other members, so the object stays where it is.
struct PreparedRun {
  Registry registry;
  analyze::Profile profile;
  std::unique_ptr<tuner::Tuner> tuner;
  std::unique_ptr<target::Target> target;
  loop::RunPlan plan;
  std::string folder;
  std::vector<std::string> warnings;  // what the user asked for and will not get, a sentence each
  std::string latest_root;            // where the link to the newest run stands; empty with --out
};

// Reads every file that the request names and checks them. Errors name the file or the parameter; nothing is
// written.
Result<std::unique_ptr<PreparedRun>> prepare_run(const RunRequest& request);

// "90", "90s", "15m", "2h" or "1d" as seconds; nothing for any other text.
std::optional<double> parse_duration(const std::string& text);

// "plan:FILE" with a file, "rules" or "none". Empty where it is, else what is wrong: a CLI11 check.
std::string check_tuner(const std::string& text);

}  // namespace soak::cli
