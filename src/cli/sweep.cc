// `soak sweep`: the market maker over one recorded feed, once for each parameter set of a grid.

#include "target/sweep.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <thread>

#include "base/plural.h"
#include "base/staged_file.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/stop_signal.h"
#include "target/sweep_columns.h"

namespace soak::cli {
namespace {

constexpr unsigned kThreadsMax = 1024;
constexpr double kWindowSecondsMax = 1e9;

struct SweepRequest {
  std::string feed;
  std::string grid;
  std::string out;
  unsigned threads = 0;  // every core
  double window_s = 300;
  std::uint64_t seed = 1;
  bool json = false;
};

// Rows as they come: to a file that appears whole or not at all, or to standard output, as CSV or as the
// members of one JSON document.
class RowWriter {
 public:
  static Result<RowWriter> open(const SweepRequest& request) {
    RowWriter writer;
    writer.path_ = request.out;
    writer.json_ = request.json && request.out.empty();
    if (request.out.empty()) return writer;
    auto file = base::StagedFile::create(request.out);
    if (!file) return tl::unexpected(file.error());
    writer.file_.emplace(std::move(*file));
    return writer;
  }

  Result<void> begin(const std::vector<std::string>& names, const Json& head) {
    if (!json_) return write(target::sweep_csv_header(names));
    std::string text = head.dump();
    text.back() = ',';
    return write(text + "\"rows\":[");
  }
  Result<void> row(const target::SweepRow& row) {
    if (!json_) return write(target::sweep_csv_line(row));
    const std::string before = first_ ? "\n" : ",\n";
    first_ = false;
    return write(before + target::sweep_json_row(row).dump());
  }
  Result<void> end() {
    if (json_) {
      if (auto written = write("\n]}\n"); !written) return written;
    }
    if (auto flushed = flush(); !flushed || !file_) return flushed;
    return file_->commit();
  }
  // Standard output has told its own failure.
  bool failed_printing() const { return failed_printing_; }

 private:
  static constexpr std::size_t kBufferBytes = 1 << 16;

  Result<void> write(std::string_view text) {
    buffer_ += text;
    return buffer_.size() < kBufferBytes ? Result<void>{} : flush();
  }
  Result<void> flush() {
    const std::string bytes = std::exchange(buffer_, {});
    if (file_) return base::write_all(file_->descriptor(), bytes, path_);
    failed_printing_ = !print_text(bytes);
    return failed_printing_ ? fail(ErrorCode::kIoError, "cannot write to standard output") : Result<void>{};
  }

  std::string path_;
  std::optional<base::StagedFile> file_;
  std::string buffer_;
  bool json_ = false;
  bool first_ = true;
  bool failed_printing_ = false;
};

// On a terminal only, one line that is rewritten.
std::function<void(std::uint64_t, std::uint64_t)> progress_line() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [shown = std::uint64_t{1000}](std::uint64_t done, std::uint64_t all) mutable {
    const std::uint64_t percent = done * 100 / all;
    if (percent != shown)
      std::fprintf(stderr, "\rsweep %3llu %%", static_cast<unsigned long long>(shown = percent));
  };
}

Json head_of(const SweepRequest& request, const sim::Feed& feed, const target::SweepMarket& market,
             const target::SweepGrid& grid) {
  return {{"feed", request.feed},
          {"symbol", feed.symbol()},
          {"grid", request.grid},
          {"parameters", grid.names()},
          {"sets", grid.size()},
          {"windows", market.window_count()},
          {"window_s", static_cast<double>(market.window_ns()) / 1e9},
          {"seed", request.seed}};
}

// What was done and how long it took, for people: on stderr, since the output has the same bytes each time.
void tell(const target::SweepMarket& market, const target::SweepGrid& grid, unsigned threads,
          double seconds) {
  std::fprintf(stderr, "%s",
               fmt::format("{} over {} of {:g} s in {:.2f} s on {}: {:.4g} sets a second\n",
                           base::plural(grid.size(), "set"), base::plural(market.window_count(), "window"),
                           static_cast<double>(market.window_ns()) / 1e9, seconds,
                           base::plural(threads, "thread"), static_cast<double>(grid.size()) / seconds)
                   .c_str());
}

int run_sweep(const SweepRequest& request) {
  const auto grid = target::SweepGrid::load(request.grid);
  if (!grid) return report_error(grid.error(), request.json);
  const auto feed = sim::Feed::open(request.feed);
  if (!feed) return report_error(feed.error(), request.json);
  const auto market = target::SweepMarket::prepare(
      *feed, {.window_length = std::chrono::milliseconds(std::llround(request.window_s * 1000))});
  if (!market) return report_error(market.error(), request.json);
  auto writer = RowWriter::open(request);
  if (!writer) return report_error(writer.error(), request.json);

  target::SweepOptions options;
  options.seed = request.seed;
  options.threads = request.threads > 0 ? request.threads : std::max(1U, std::thread::hardware_concurrency());
  options.progress = progress_line();
  const Json head = head_of(request, *feed, *market, *grid);
  const auto started = std::chrono::steady_clock::now();
  auto done = writer->begin(grid->names(), head);
  if (done)
    done = target::run_sweep(*market, *grid, options, [&](const auto& row) { return writer->row(row); });
  if (done) done = writer->end();
  if (options.progress) std::fputs("\r\033[K", stderr);
  if (writer->failed_printing()) return kExitError;
  if (!done) return report_error(done.error(), request.json);
  tell(*market, *grid, options.threads,
       std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  if (request.out.empty() || !request.json) return kExitOk;
  return print_json(head, true) ? kExitOk : kExitError;
}

}  // namespace

void add_sweep(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("sweep", "Run the market maker over recorded data for many parameter sets");
  command->preparse_callback([](std::size_t) { watch_lost_recordings(); });
  const auto request = std::make_shared<SweepRequest>();
  command->add_option("--feed", request->feed, "Recorded market data, a .feed file")->required();
  command
      ->add_option("--grid", request->grid,
                   "JSON: an object of parameters with lists of values, or a list of parameter sets")
      ->required();
  command->add_option("--out", request->out,
                      "The CSV file to write, whole or not at all; otherwise standard output");
  command->add_option("--threads", request->threads, "Threads; every core where not given")
      ->check(CLI::Range(1U, kThreadsMax));
  command
      ->add_option("--window-s", request->window_s,
                   "Seconds after which the market maker starts anew; a shorter feed is one window")
      ->check(CLI::Range(0.001, kWindowSecondsMax))
      ->capture_default_str();
  command->add_option("--seed", request->seed, "Seed of the venue's service times; same seed, same bytes")
      ->check(check_seed)
      ->capture_default_str();
  command->add_flag("--json", request->json, "Print one JSON document");
  command->callback([request, &exit_code] {
    if (!std::isfinite(request->window_s))
      throw CLI::ValidationError("--window-s", "must be a number of seconds");
    exit_code = run_sweep(*request);
  });
}

}  // namespace soak::cli
