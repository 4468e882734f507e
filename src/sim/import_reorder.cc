#include "sim/import_reorder.h"

#include <algorithm>
#include <utility>

namespace soak::sim {

Result<void> ImportReorder::add(ImportBatch batch) {
  newest_ns_ = std::max(newest_ns_, batch.exchange_ns);
  const std::pair<std::int64_t, int> key{batch.exchange_ns, batch.rank};
  auto place = waiting_.end();
  while (place != waiting_.begin() && key < std::pair((place - 1)->exchange_ns, (place - 1)->rank)) --place;
  if (place != waiting_.end()) ++reordered_;
  waiting_.insert(place, std::move(batch));
  while (waiting_.front().exchange_ns < newest_ns_ - kReorderNsMax) {
    if (auto written = write(waiting_.front()); !written) return written;
    waiting_.pop_front();
  }
  return {};
}

Result<void> ImportReorder::flush() {
  for (const ImportBatch& batch : waiting_) {
    if (auto written = write(batch); !written) return written;
  }
  waiting_.clear();
  return {};
}

Result<void> ImportReorder::write(const ImportBatch& batch) {
  local_delay_ns_max_ = std::max(local_delay_ns_max_, written_local_ns_ - batch.local_ns);
  written_local_ns_ = std::max(written_local_ns_, batch.local_ns);
  for (FeedEvent event : batch.rows) {
    event.exchange_ns = batch.exchange_ns;
    event.local_ns = written_local_ns_;
    if (auto appended = writer_.append(event); !appended) return appended;
  }
  return batch.touch ? writer_.append_check(*batch.touch) : Result<void>{};
}

}  // namespace soak::sim
