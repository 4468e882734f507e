#include "sim/binance_raw.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/binance_message.h"
#include "sim/import_book.h"
#include "sim/import_lines.h"
#include "sim/import_paths.h"
#include "sim/import_reorder.h"

namespace soak::sim {
namespace {

using Kind = BinanceMessage::Kind;
// Depth kept while no snapshot has come: at ten messages a second more than half an hour.
constexpr std::size_t kBufferedMessagesMax = 20'000;
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr int kRankTrade = 0;
constexpr int kRankDepth = 1;

class BinanceImporter {
 public:
  BinanceImporter(FeedWriter& writer, const BinanceImportOptions& options)
      : options_(options), reorder_(writer) {}

  Result<void> read_file(const std::string& path);
  Result<BinanceImportCounts> end();
  const std::string& symbol() const { return symbol_; }

 private:
  Result<void> take(BinanceMessage& message);
  Result<void> take_depth(BinanceMessage& message);
  Result<void> take_snapshot(BinanceMessage& message);
  Result<void> take_trade(const BinanceMessage& message);
  Result<void> emit_depth(const BinanceMessage& message, bool comparable);
  Result<void> emit(ImportBatch batch, std::int64_t& stream_ns);
  ImportBatch depth_batch(const BinanceMessage& message) const;
  Result<void> take_cross();
  Result<void> check_steps(const BinanceMessage& message) const;
  Result<void> check_local(BinanceMessage& message);
  void take_ticker(const BinanceMessage& message);
  bool in_step(const BinanceMessage& message) const { return previous_of(message) == last_id_; }
  static std::uint64_t previous_of(const BinanceMessage& message) {
    return message.previous_id.value_or(message.first_id - 1);
  }

  const BinanceImportOptions& options_;
  BinanceParser parser_;
  ImportReorder reorder_;
  BinanceImportCounts counts_;
  ImportLines* lines_ = nullptr;  // only while a file is read
  std::string last_path_;
  std::uint64_t bytes_before_ = 0;  // of the files before this one
  std::string symbol_;
  std::int64_t local_ns_ = 0;

  bool synced_ = false;
  bool opened_ = false;  // the opening book went out
  std::uint64_t last_id_ = 0;
  std::int64_t opening_ns_ = 0;
  std::vector<BinanceMessage> buffered_;  // depth that waits for a snapshot
  std::vector<BinanceLevel> snapshot_;    // goes out with the first depth message that continues it
  ImportBook book_;
  std::int64_t depth_ns_ = 0;
  std::int64_t trade_ns_ = 0;
  std::uint64_t trade_id_ = 0;
  Kind trade_kind_ =
      Kind::kOther;  // trade or aggTrade, whichever came first: both would count every trade twice
  std::optional<BinanceMessage> ticker_;
};

Result<void> BinanceImporter::read_file(const std::string& path) {
  auto lines = ImportLines::open(path);
  if (!lines) return tl::unexpected(lines.error());
  lines_ = &*lines;
  last_path_ = path;
  BinanceMessage message;
  for (;;) {
    auto line = lines->next();
    if (!line) return tl::unexpected(line.error());
    if (!*line) break;
    ++counts_.lines;
    if (options_.progress && counts_.lines % 8192 == 0)
      options_.progress(bytes_before_ + lines->bytes_read());
    if (auto parsed = parser_.parse(**line, message); !parsed)
      return lines->error(ErrorCode::kInvalidValue, parsed.error());
    if (auto taken = take(message); !taken) return taken;
  }
  bytes_before_ += lines->bytes_read();
  return {};
}

Result<void> BinanceImporter::take(BinanceMessage& message) {
  if (auto checked = check_local(message); !checked) return checked;
  if (message.kind == Kind::kOther) {
    ++counts_.other_messages;
    return {};
  }
  if (!message.symbol.empty() && symbol_.empty()) symbol_ = message.symbol;
  if (!message.symbol.empty() && message.symbol != symbol_) {
    return lines_->error(
        ErrorCode::kInvalidValue,
        fmt::format("symbol {} in a recording of {}: a feed holds one symbol", message.symbol, symbol_));
  }
  if (auto checked = check_steps(message); !checked) return checked;
  switch (message.kind) {
    case Kind::kDepth:
      return take_depth(message);
    case Kind::kSnapshot:
      return take_snapshot(message);
    case Kind::kBookTicker:
      take_ticker(message);
      return {};
    default:
      return take_trade(message);
  }
}

Result<void> BinanceImporter::check_local(BinanceMessage& message) {
  if (message.local_ns < local_ns_ - kReorderNsMax) {
    return lines_->error(ErrorCode::kInvalidValue,
                         fmt::format("the local time runs backwards by {:.3f} s: are the files in order?",
                                     static_cast<double>(local_ns_ - message.local_ns) / 1e9));
  }
  local_ns_ = std::max(local_ns_, message.local_ns);
  return {};
}

// Only a step that the user gave can be missed here; one that is found fits everything.
Result<void> BinanceImporter::check_steps(const BinanceMessage& message) const {
  const auto misfit = [this](Decimal price, Decimal quantity) -> std::string {
    if (options_.tick && !to_steps(price, *options_.tick)) {
      return fmt::format("price {} is not a multiple of the tick {}", format_decimal(price),
                         format_decimal(*options_.tick));
    }
    if (options_.lot && !to_steps(quantity, *options_.lot)) {
      return fmt::format("quantity {} is not a multiple of the lot {}", format_decimal(quantity),
                         format_decimal(*options_.lot));
    }
    return {};
  };
  std::string found;
  for (const BinanceLevel& level : message.levels) {
    if (found.empty()) found = misfit(level.price, level.quantity);
  }
  const bool trade = message.kind == Kind::kTrade || message.kind == Kind::kAggregateTrade;
  if (trade) found = misfit(message.price, message.quantity);
  return found.empty() ? Result<void>{} : lines_->error(ErrorCode::kInvalidValue, found);
}

void BinanceImporter::take_ticker(const BinanceMessage& message) {
  ++counts_.ticker_messages;
  ticker_ = message;
}

Result<void> BinanceImporter::take_trade(const BinanceMessage& message) {
  if (trade_kind_ == Kind::kOther) trade_kind_ = message.kind;
  if (message.kind != trade_kind_) {
    ++counts_.other_messages;
    return {};
  }
  ++counts_.trade_messages;
  if (trade_id_ != 0 && message.last_id > trade_id_ + 1)
    counts_.trade_ids_missing += message.last_id - trade_id_ - 1;
  trade_id_ = message.last_id;
  const std::int64_t exchange_ns = message.exchange_ms * kNsPerMs;
  if (!opened_ || exchange_ns <= opening_ns_) {
    ++counts_.trades_dropped;
    return {};
  }
  ImportBatch batch{exchange_ns, local_ns_, kRankTrade, {}, {}};
  FeedEvent event;
  event.price = message.price;
  event.quantity = message.quantity;
  event.kind = EventKind::kTrade;
  event.side = message.buyer_is_maker ? Side::kSell : Side::kBuy;
  batch.rows.push_back(event);
  return emit(std::move(batch), trade_ns_);
}

Result<void> BinanceImporter::take_depth(BinanceMessage& message) {
  ++counts_.depth_messages;
  message.local_ns = local_ns_;
  if (synced_) {
    // The first message after a snapshot may reach back behind it; all others continue the one before
    // exactly.
    const bool first = !snapshot_.empty();
    if (first && message.last_id <= last_id_) {
      ++counts_.depth_dropped;
      return {};
    }
    if (first ? previous_of(message) <= last_id_ : in_step(message)) return emit_depth(message, true);
    if (!options_.resync) {
      return lines_->error(
          ErrorCode::kCorrupt,
          fmt::format("gap: depth updates {} to {} are missing (--resync goes on at the next snapshot)",
                      last_id_ + 1, previous_of(message)));
    }
    synced_ = false;
    snapshot_.clear();
    ++counts_.sequence_breaks;
  }
  if (buffered_.size() >= kBufferedMessagesMax) {
    return lines_->error(ErrorCode::kLimitExceeded,
                         fmt::format("no snapshot within {} depth messages", kBufferedMessagesMax));
  }
  buffered_.push_back(message);
  return {};
}

Result<void> BinanceImporter::take_snapshot(BinanceMessage& message) {
  ++counts_.snapshots;
  if (synced_) {
    ++counts_.snapshots_ignored;
    return {};
  }
  const auto held = [&message](const BinanceMessage& depth) { return depth.last_id <= message.last_id; };
  const auto first = std::find_if_not(buffered_.begin(), buffered_.end(), held);
  if (first != buffered_.end() && previous_of(*first) > message.last_id) {
    if (options_.resync) {
      ++counts_.snapshots_ignored;
      return {};
    }
    return lines_->error(ErrorCode::kCorrupt,
                         fmt::format("gap: the snapshot ends at update {}, the depth recorded before it goes "
                                     "on at {} (--resync waits for "
                                     "the next snapshot)",
                                     message.last_id, first->first_id));
  }
  counts_.depth_dropped += static_cast<std::uint64_t>(first - buffered_.begin());
  synced_ = true;
  last_id_ = message.last_id;
  snapshot_ = std::move(message.levels);
  std::vector<BinanceMessage> waiting(std::make_move_iterator(first),
                                      std::make_move_iterator(buffered_.end()));
  buffered_.clear();
  for (BinanceMessage& depth : waiting) {
    if (!synced_) {  // the book crossed: what is left waits for another snapshot
      buffered_.push_back(std::move(depth));
      continue;
    }
    const bool continues = !snapshot_.empty() || in_step(depth);
    if (!continues) {
      return lines_->error(
          ErrorCode::kCorrupt,
          fmt::format("gap: among the depth recorded before this snapshot, updates {} to {} are missing",
                      last_id_ + 1, previous_of(depth)));
    }
    if (auto emitted = emit_depth(depth, false); !emitted) return emitted;
  }
  return {};
}

void append_levels(const std::vector<BinanceLevel>& levels, EventKind kind, bool removals,
                   std::vector<FeedEvent>& rows) {
  for (const BinanceLevel& level : levels) {
    if ((level.quantity.mantissa == 0) != removals) continue;
    FeedEvent event;
    event.price = level.price;
    event.quantity = level.quantity;
    event.kind = kind;
    event.side = level.side;
    rows.push_back(event);
  }
}

ImportBatch BinanceImporter::depth_batch(const BinanceMessage& message) const {
  ImportBatch batch{message.exchange_ms * kNsPerMs, message.local_ns, kRankDepth, {}, {}};
  const bool anew = opened_ && !snapshot_.empty();
  for (const Side side : {Side::kBuy, Side::kSell}) {
    FeedEvent clear;
    clear.kind = EventKind::kClear;
    clear.side = side;
    if (anew) batch.rows.push_back(clear);
  }
  append_levels(snapshot_, EventKind::kSnapshot, false, batch.rows);
  // Removals first: no row of a message then makes the book cross for a moment that the exchange never saw.
  append_levels(message.levels, EventKind::kDepth, true, batch.rows);
  append_levels(message.levels, EventKind::kDepth, false, batch.rows);
  return batch;
}

Result<void> BinanceImporter::emit_depth(const BinanceMessage& message, bool comparable) {
  last_id_ = message.last_id;
  ImportBatch batch = depth_batch(message);
  snapshot_.clear();
  if (!opened_) book_.clear();
  for (const FeedEvent& row : batch.rows) book_.apply(row);
  if (book_.crossed()) return take_cross();
  if (!opened_) opening_ns_ = batch.exchange_ns;
  opened_ = true;
  const bool known = ticker_ && ticker_->last_id >= message.first_id && ticker_->last_id <= message.last_id;
  if (comparable && known) batch.touch = ticker_->touch;
  return emit(std::move(batch), depth_ns_);
}

// No exchange has a crossed book: updates are missing, whatever their numbers say.
Result<void> BinanceImporter::take_cross() {
  if (!options_.resync) {
    return lines_->error(
        ErrorCode::kCorrupt,
        fmt::format("the book is crossed: best bid {} at or above best ask {} (--resync goes on "
                    "at the next snapshot)",
                    format_decimal(book_.best(Side::kBuy)), format_decimal(book_.best(Side::kSell))));
  }
  synced_ = false;
  ++counts_.sequence_breaks;
  ++counts_.depth_dropped;
  return {};
}

Result<void> BinanceImporter::emit(ImportBatch batch, std::int64_t& stream_ns) {
  if (batch.exchange_ns < stream_ns - kReorderNsMax || !reorder_.fits(batch)) {
    return lines_->error(
        ErrorCode::kInvalidValue,
        fmt::format("the exchange time runs backwards by more than {} s", kReorderNsMax / 1'000'000'000));
  }
  if (batch.exchange_ns < stream_ns) {
    batch.exchange_ns = stream_ns;
    ++counts_.times_raised;
  }
  stream_ns = batch.exchange_ns;
  return reorder_.add(std::move(batch));
}

Result<BinanceImportCounts> BinanceImporter::end() {
  if (!opened_) {
    const std::string what = counts_.snapshots > 0 ? "no depth message continues the snapshot"
                                                   : "no snapshot (a line with \"lastUpdateId\")";
    return fail(ErrorCode::kInvalidValue,
                fmt::format("{} in {} lines: the book cannot be built", what, counts_.lines), last_path_);
  }
  counts_.depth_dropped += buffered_.size();
  if (auto flushed = reorder_.flush(); !flushed) return tl::unexpected(flushed.error());
  counts_.messages_reordered = reorder_.reordered();
  counts_.local_delay_ns_max = reorder_.local_delay_ns_max();
  return counts_;
}

}  // namespace

Result<BinanceImport> import_binance_raw(const std::vector<std::string>& paths, const std::string& out,
                                         const BinanceImportOptions& options) {
  if (auto allowed = refuse_own_input(paths, out); !allowed) return tl::unexpected(allowed.error());
  auto writer = FeedWriter::create(out);
  if (!writer) return tl::unexpected(writer.error());
  BinanceImporter importer(*writer, options);
  for (const std::string& path : paths) {
    if (auto read = importer.read_file(path); !read) return tl::unexpected(read.error());
  }
  auto counts = importer.end();
  if (!counts) return tl::unexpected(counts.error());
  FeedMeta meta;
  meta.symbol = importer.symbol();
  meta.source = "binance-raw";
  meta.tick = options.tick;
  meta.lot = options.lot;
  meta.latency_floor_ns = options.latency_floor_ns;
  meta.sequence_breaks = counts->sequence_breaks;
  meta.times_raised = counts->times_raised;
  auto written = writer->finish(meta);
  if (!written) return tl::unexpected(written.error());
  return BinanceImport{*counts, *written};
}

}  // namespace soak::sim
