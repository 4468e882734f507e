// `soak feed synth`: synthetic market data.

#include <cstdio>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "sim/synthetic_feed.h"

namespace soak::cli {
namespace {

constexpr const char* kMarket = "market";
constexpr const char* kRandomWalk = "random-walk-l2";
constexpr const char* kFeed = "feed";
constexpr const char* kHftbacktest = "hftbacktest";

struct SynthRequest {
  std::string model;
  std::string format;
  std::optional<std::uint64_t> rows;
  std::optional<std::int64_t> seconds;
  sim::SyntheticFile file;
};

// Each model has its own measure of length; the other one would be dropped in silence.
void check_options(const SynthRequest& request) {
  const bool market = request.model == kMarket;
  if (market && request.rows)
    throw CLI::ValidationError("--rows",
                               "is for --model random-walk-l2; the length of a market is --seconds");
  if (market && !request.seconds) throw CLI::ValidationError("--seconds", "is required with --model market");
  if (!market && request.seconds)
    throw CLI::ValidationError("--seconds", "is for --model market; the length of a random walk is --rows");
  if (!market && !request.rows)
    throw CLI::ValidationError("--rows", "is required with --model random-walk-l2");
}

int run_synth(SynthRequest& request) {
  check_options(request);
  request.file.format =
      request.format == kFeed ? sim::SyntheticFormat::kFeed : sim::SyntheticFormat::kHftbacktest;
  const auto written = request.model == kMarket ? sim::write_synthetic_market(*request.seconds, request.file)
                                                : sim::write_random_walk(*request.rows, request.file);
  if (!written) return report_error(written.error());
  std::fprintf(stderr, "%s: %llu rows\n", request.file.path.c_str(),
               static_cast<unsigned long long>(*written));
  return kExitOk;
}

}  // namespace

void add_feed_synth(CLI::App& feed, int& exit_code) {
  CLI::App* command = feed.add_subcommand("synth", "Make synthetic market data");
  const auto request = std::make_shared<SynthRequest>();
  command
      ->add_option("--model", request->model,
                   "market: the regime market of `soak run --mock`; random-walk-l2: the feed of the replay "
                   "benchmark")
      ->required()
      ->check(CLI::IsMember({kMarket, kRandomWalk}));
  command
      ->add_option("--seconds", request->seconds,
                   "Length of a market. Up to --iteration-s it is that of the first iteration of `soak run "
                   "--mock` with this seed")
      ->check(CLI::Range(std::int64_t{1}, sim::kSyntheticSecondsMax));
  command->add_option("--rows", request->rows, "Rows of a random walk at most; a message is never cut")
      ->check(CLI::Range(std::uint64_t{2}, std::uint64_t{1} << 40));
  command->add_option("--seed", request->file.seed, "Seed")->required();
  command->add_option("--format", request->format, "feed: a .feed file; hftbacktest: raw 64-byte rows")
      ->required()
      ->check(CLI::IsMember({kFeed, kHftbacktest}));
  command->add_option("--out", request->file.path, "The file to write; one that is there is replaced")
      ->required();
  command->callback([request, &exit_code] { exit_code = run_synth(*request); });
}

}  // namespace soak::cli
