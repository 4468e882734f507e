// `soak feed synth`: synthetic market data.

#include <cstdio>
#include <memory>

#include "base/descriptor.h"
#include "base/staged_file.h"
#include "cli/command.h"
#include "sim/random_walk_l2.h"

namespace soak::cli {
namespace {

struct SynthRequest {
  std::string model;
  std::uint64_t rows = 0;
  std::uint64_t seed = 0;
  std::string format;
  std::string out;
};

Result<std::uint64_t> write_random_walk(const SynthRequest& request) {
  constexpr std::size_t kRowsAtOnce = 1 << 14;
  auto file = base::StagedFile::create(request.out);
  if (!file) return tl::unexpected(file.error());
  sim::RandomWalkL2 walk(request.rows, request.seed);
  std::vector<sim::HftRow> rows;
  std::uint64_t written = 0;
  bool more = true;
  while (more) {
    rows.clear();
    while (rows.size() < kRowsAtOnce && (more = walk.next(rows))) {
    }
    const std::string_view bytes(reinterpret_cast<const char*>(rows.data()),
                                 rows.size() * sizeof(sim::HftRow));
    if (auto done = base::write_all(file->descriptor(), bytes, request.out); !done)
      return tl::unexpected(done.error());
    written += rows.size();
  }
  if (auto committed = file->commit(); !committed) return tl::unexpected(committed.error());
  return written;
}

int run_synth(const SynthRequest& request) {
  const auto written = write_random_walk(request);
  if (!written) return report_error(written.error());
  std::fprintf(stderr, "%s: %llu rows\n", request.out.c_str(), static_cast<unsigned long long>(*written));
  return kExitOk;
}

}  // namespace

void add_feed_synth(CLI::App& feed, int& exit_code) {
  CLI::App* command = feed.add_subcommand("synth", "Make synthetic market data");
  const auto request = std::make_shared<SynthRequest>();
  command->add_option("--model", request->model, "random-walk-l2: the feed of the replay benchmark")
      ->required()
      ->check(CLI::IsMember({"random-walk-l2"}));
  command->add_option("--rows", request->rows, "Rows at most; a message is never cut")
      ->required()
      ->check(CLI::Range(std::uint64_t{2}, std::uint64_t{1} << 40));
  command->add_option("--seed", request->seed, "Seed")->required();
  command->add_option("--format", request->format, "hftbacktest: raw 64-byte rows")
      ->required()
      ->check(CLI::IsMember({"hftbacktest"}));
  command->add_option("--out", request->out, "The file to write; one that is there is replaced")->required();
  command->callback([request, &exit_code] { exit_code = run_synth(*request); });
}

}  // namespace soak::cli
