#include "target/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "target/maker_overrides.h"
#include "target/report.h"

namespace soak::target {
namespace {

template <class T>
void append(std::vector<T>& into, const std::vector<T>& from) {
  into.insert(into.end(), from.begin(), from.end());
}

// What a report needs of several windows as if they were one.
void pool(sim::WindowResult& into, const sim::WindowResult& from) {
  into.totals += from.totals;
  into.blocks += from.blocks;
  append(into.fills, from.fills);
  append(into.latencies_ns, from.latencies_ns);
  append(into.order_ages_ns, from.order_ages_ns);
  into.orders_sent += from.orders_sent;
  into.cancels_sent += from.cancels_sent;
  into.lot_size = from.lot_size;
}

// One worker's place: what it need not make anew for each window.
struct Desk {
  sim::WindowWorkspace workspace;
  std::size_t set = SIZE_MAX;
  sim::MakerParams params;  // of `set`
};

// Work is handed out by set and window, so that few sets over many windows keep every core busy too. Who
// finishes the last window of a set pools them, in their order.
class SweepRun {
 public:
  SweepRun(const SweepMarket& market, const SweepGrid& grid, const SweepOptions& options)
      : market_(market),
        grid_(grid),
        options_(options),
        run_count_(grid.size() * market.window_count()),
        slots_(std::min<std::size_t>(grid.size(), std::max(kSetsAhead, 4 * options.threads))) {}

  Result<void> run(const std::function<Result<void>(const SweepRow&)>& take_row) {
    std::vector<std::jthread> workers;
    for (unsigned k = 0; k < options_.threads; ++k) workers.emplace_back([this] { work(); });
    Result<void> result;
    for (std::size_t set = 0; set < grid_.size() && result; ++set) {
      const auto row = next_row(set);
      if (row)
        result = take_row(*row);
      else
        result = tl::unexpected(row.error());
    }
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    room_.notify_all();
    return result;
  }

 private:
  static constexpr unsigned kSetsAhead = 256;  // of the row that is waited for
  // A set under way.
  struct Slot {
    std::vector<sim::WindowResult> windows;
    std::size_t left = 0;
    std::optional<Result<SweepRow>> row;
  };
  struct Task {
    std::size_t set, window;
  };

  Slot& slot_of(std::size_t set) { return slots_[set % slots_.size()]; }

  void work() {
    Desk desk;
    while (const auto task = next_task()) finish(*task, run_window(*task, desk));
  }

  std::optional<Task> next_task() {
    std::unique_lock lock(mutex_);
    const auto set = [this] { return next_ / market_.window_count(); };
    room_.wait(lock, [&] { return stopped_ || next_ == run_count_ || set() < rows_taken_ + slots_.size(); });
    if (stopped_ || next_ == run_count_) return std::nullopt;
    const Task task{set(), next_++ % market_.window_count()};
    if (task.window == 0) {
      slot_of(task.set).windows.resize(market_.window_count());
      slot_of(task.set).left = market_.window_count();
    }
    return task;
  }

  sim::WindowResult run_window(const Task& task, Desk& desk) const {
    const MarketWindow& window = market_.window(task.window);
    if (desk.set != task.set) {
      desk.params = maker_overrides(grid_.runtime(task.set), window.feed().instrument).params;
      desk.set = task.set;
    }
    const auto iteration = static_cast<std::int64_t>(task.window) + 1;
    sim::WindowInput input = window_input(window, desk.params, options_.seed, iteration);
    input.keep_feed_lags = false;
    return sim::run_window(input, desk.workspace);
  }

  void finish(const Task& task, sim::WindowResult&& result) {
    Slot& slot = slot_of(task.set);
    {
      const std::lock_guard lock(mutex_);
      ++runs_done_;
      slot.windows[task.window] = std::move(result);
      if (--slot.left > 0) return;
    }
    auto row = row_of(task.set, slot.windows);  // nobody else has this slot now
    const std::lock_guard lock(mutex_);
    slot.windows.clear();
    slot.row = std::move(row);
    ready_.notify_one();
  }

  Result<SweepRow> row_of(std::size_t set, const std::vector<sim::WindowResult>& windows) const {
    sim::WindowResult pooled;
    for (std::size_t k = 0; k < windows.size(); ++k) {
      if (!windows[k].totals.balanced()) {
        return fail(ErrorCode::kCorrupt,
                    fmt::format("the accounts of set {} in window {} do not balance: please report this",
                                set + 1, k + 1));
      }
      pool(pooled, windows[k]);
    }
    SweepRow row;
    row.totals = edge_totals(pooled);
    row.totals["ws_lag_p95_ms"] = market_.feed_lag_p95_ms();
    MakerOverrides used = maker_overrides(grid_.runtime(set), market_.window(0).feed().instrument);
    for (const std::string& name : grid_.names()) row.params[name] = std::move(used.effective[name]);
    return row;
  }

  Result<SweepRow> next_row(std::size_t set) {
    std::unique_lock lock(mutex_);
    Slot& slot = slot_of(set);
    while (!slot.row) {
      ready_.wait_for(lock, std::chrono::milliseconds(200));
      if (!options_.progress) continue;
      const std::uint64_t done = runs_done_;
      lock.unlock();
      options_.progress(done, run_count_);
      lock.lock();
    }
    Result<SweepRow> row = std::move(*slot.row);
    slot.row.reset();
    ++rows_taken_;
    room_.notify_all();
    return row;
  }

  const SweepMarket& market_;
  const SweepGrid& grid_;
  const SweepOptions& options_;
  const std::size_t run_count_;

  std::mutex mutex_;  // of all below
  std::condition_variable room_, ready_;
  std::vector<Slot> slots_;
  std::size_t next_ = 0;
  std::size_t rows_taken_ = 0;
  std::uint64_t runs_done_ = 0;
  bool stopped_ = false;
};

}  // namespace

Result<void> run_sweep(const SweepMarket& market, const SweepGrid& grid, const SweepOptions& options,
                       const std::function<Result<void>(const SweepRow&)>& take_row) {
  return SweepRun(market, grid, options).run(take_row);
}

}  // namespace soak::target
