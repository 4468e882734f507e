// soak feed info | check, and the subcommand that all of `soak feed` hangs on.

#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "cli/feed_import.h"
#include "cli/feed_report.h"
#include "cli/stop_signal.h"
#include "sim/feed.h"
#include "sim/feed_summary.h"

namespace soak::cli {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

struct FeedOptions {
  std::string feed;
  std::int64_t window_s = 300;
  bool json = false;
};

int print_or_fail(bool printed) {
  return printed ? kExitOk : kExitError;
}

int run_info(const FeedOptions& options) {
  const auto feed = sim::Feed::open(options.feed);
  if (!feed) return report_error(feed.error(), options.json);
  const sim::FeedSummary summary = sim::summarize(*feed);
  return print_or_fail(options.json ? print_json(feed_json(*feed, summary), true)
                                    : print_text(feed_text(*feed, summary)));
}

int run_check(const FeedOptions& options) {
  const auto feed = sim::Feed::open(options.feed);
  if (!feed) return report_error(feed.error(), options.json);
  const auto reasons = sim::unfit_reasons(*feed, sim::summarize(*feed), options.window_s * kNsPerSecond);
  if (options.json) {
    const Json json = {{"file", options.feed}, {"fit", reasons.empty()}, {"reasons", reasons}};
    return print_json(json, true) && reasons.empty() ? kExitOk : kExitError;
  }
  std::string text = reasons.empty() ? fmt::format("{}: fit for a soak\n", options.feed) : "";
  for (const std::string& reason : reasons) text += fmt::format("{}: unfit: {}\n", options.feed, reason);
  return print_text(text) && reasons.empty() ? kExitOk : kExitError;
}

}  // namespace

void add_feed(CLI::App& app, int& exit_code) {
  CLI::App* feed = app.add_subcommand("feed", "Market data: import, info, check, stats, synth");
  feed->preparse_callback([](std::size_t) { watch_lost_recordings(); });
  feed->require_subcommand(1);
  auto options = std::make_shared<FeedOptions>();
  add_feed_import(*feed, exit_code);
  add_feed_synth(*feed, exit_code);
  add_feed_stats(*feed, exit_code);

  CLI::App* info = feed->add_subcommand("info", "Say what a .feed file holds");
  info->add_option("FEED", options->feed, "The .feed file")->required();
  info->add_flag("--json", options->json, "Print one JSON document");
  info->callback([options, &exit_code] { exit_code = run_info(*options); });

  CLI::App* check = feed->add_subcommand("check", "Exit 1 where a .feed file is not fit for a soak");
  check->add_option("FEED", options->feed, "The .feed file")->required();
  check->add_option("--window-s", options->window_s, "Length of an iteration, in seconds")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  check->add_flag("--json", options->json, "Print one JSON document");
  check->callback([options, &exit_code] { exit_code = run_check(*options); });
}

}  // namespace soak::cli
