#pragma once
// Targets outside this process (docs/targets.md): a program that soak starts and supervises, and that writes
// its reports to a file; or a Prometheus endpoint that is scraped, of a program that soak starts or of one
// that runs already.

#include <soak/params.h>
#include <soak/result.h>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "target/scrape.h"
#include "target/target.h"

namespace soak::target {

enum class Reload {
  kWatch,   // the target notices by itself that the runtime file has changed
  kSighup,  // it is sent SIGHUP as well
};

struct ExternalTargetOptions {
  std::vector<std::string> command;     // empty: only scraped, and started by somebody else
  std::optional<ScrapeOptions> scrape;  // reports come from there, and not from a file
  std::string folder;                   // of the run, absolute; exists when start() is called
  std::string runtime_path;             // absolute
  Reload reload = Reload::kWatch;
  std::chrono::milliseconds ready{30'000};              // for the first report
  std::chrono::milliseconds grace{5'000};               // between SIGTERM and SIGKILL
  std::chrono::milliseconds iteration_length{300'000};  // as the target is told it
  const volatile std::sig_atomic_t* stop = nullptr;     // gives up waiting for the first report
};

inline constexpr char kTargetFolderName[] = "target";   // in the run's folder: where reports are
inline constexpr char kTargetLogName[] = "target.log";  // in the run's folder
// In the environment of the target.
inline constexpr char kRuntimeVariable[] = "SOAK_RUNTIME_OVERRIDES";
inline constexpr char kReportVariable[] = "SOAK_REPORT";
inline constexpr char kIterationVariable[] = "SOAK_ITERATION_S";

// start(): errors are those of a program that cannot be run, or of the system. A program that runs and does
// not give a first report in time, dies before it or gives an invalid one is a fault of the first iteration.
std::unique_ptr<Target> make_external_target(ExternalTargetOptions options);

// Removes the report files that targets of earlier starts have left in a run's folder. Each start has a file
// of its own: an instance that is still on its way out must not speak for the next. kNotAFile where the
// folder of reports is a symbolic link: what it leads to is somebody else's.
Result<void> remove_reports(const std::string& run_folder);

}  // namespace soak::target
