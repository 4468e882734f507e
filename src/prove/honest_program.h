#pragma once
// For the tests of this room: a program as its supervisor shows it, in this process. It reads its file before
// each report, and reports ten times an iteration: five times at once and, so that another hand has been at
// work by then, five times when the iteration's length is over. An iteration of none is over at once.

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "target/target.h"

namespace soak::prove {

class HonestProgram : public target::Target {
 public:
  static constexpr int kReports = 10;  // an iteration
  using Edit = std::function<void(Json& report)>;
  explicit HonestProgram(std::string runtime_path, Edit edit = {})
      : path_(std::move(runtime_path)), edit_(std::move(edit)) {}

  std::string name() const override { return "honest"; }
  Result<void> start() override {
    calls.emplace_back("start");
    ++instance_;
    seq_ = 0;
    fresh_ = true;
    return {};
  }
  void stop() override { calls.emplace_back("stop"); }

  Result<target::IterationOutcome> run_iteration(const target::IterationRequest& request) override {
    calls.emplace_back("run");
    requests.push_back(request);
    const auto end = std::chrono::steady_clock::now() + request.length;
    target::IterationOutcome outcome;
    outcome.started = std::exchange(fresh_, false);
    bool edited = false;
    for (int i = 0; i < reports; ++i) {
      if (i == reports / 2) std::this_thread::sleep_until(end);
      const auto bytes = base::read_file(path_);
      if (!bytes) return tl::unexpected(bytes.error());
      const std::string hash = base::sha256_hex(*bytes);
      if (hash != request.runtime_hash && !std::exchange(edited, true))
        outcome.edits.push_back({"2026-01-01T00:00:00Z", hash});
      const bool settled = !edited && request.length * i >= request.settle * reports;
      outcome.reports.push_back(report(request, Json::parse(*bytes), hash, settled));
    }
    outcome.end = base::RealClock().now();
    if (ends_in == request.iteration) outcome.ended = true;
    return outcome;
  }

  std::vector<std::string> calls;
  std::vector<target::IterationRequest> requests;
  std::int64_t ends_in = 0;  // the iteration; 0: it goes on
  int reports = kReports;    // an iteration

 private:
  journal::SeenReport report(const target::IterationRequest& request, const Json& runtime,
                             const std::string& hash, bool settled) {
    Json text = {{"seq", ++seq_},
                 {"totals", {{"net_bps", 1.0}}},
                 {"effective",
                  {{"state_hash", hash},
                   {"params", runtime},
                   {"instance_id", "instance-" + std::to_string(instance_)}}}};
    if (edit_) edit_(text);
    return {request.iteration, seq_, "2026-01-01T00:00:00Z", settled, std::move(text)};
  }

  std::string path_;
  Edit edit_;
  int instance_ = 0;
  std::int64_t seq_ = 0;
  bool fresh_ = false;
};

}  // namespace soak::prove
