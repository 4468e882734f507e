#pragma once
// One line of a Binance websocket recording, `<local_ns> <raw JSON>`, as values. Spot and USD-M futures;
// combined streams
// ({"stream": ..., "data": {...}}) and bare ones. Source: Binance's public API documentation for depth,
// trade, aggTrade and bookTicker.

#include <soak/result.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/feed_writer.h"
#include "sim/market_event.h"

namespace soak::sim {

struct BinanceLevel {
  Side side = Side::kBuy;
  Decimal price;
  Decimal quantity;
};

struct BinanceMessage {
  enum class Kind { kDepth, kSnapshot, kTrade, kAggregateTrade, kBookTicker, kOther };
  Kind kind = Kind::kOther;
  std::int64_t local_ns = 0;
  std::int64_t exchange_ms =
      0;  // T (the matching engine's time) where there is one, else E; 0 for a snapshot and a bookTicker
  std::string symbol;  // empty for a snapshot
  // Depth: U and u. Snapshot: last is lastUpdateId. bookTicker: last is u. Trades: last is the trade's id.
  std::uint64_t first_id = 0;
  std::uint64_t last_id = 0;
  std::optional<std::uint64_t> previous_id;  // pu, in futures only
  std::vector<BinanceLevel> levels;          // depth and snapshot
  Decimal price, quantity;                   // trades
  bool buyer_is_maker = false;
  FeedTouch touch;  // bookTicker
};

class BinanceParser {
 public:
  BinanceParser();
  ~BinanceParser();
  // Fills `message` from a line that has ImportLines::kPaddingBytes readable behind it. The error is a phrase
  // without file or line. A stream of another kind (kline, a subscription's answer) is kOther and no error;
  // what is not such a line at all is one.
  tl::expected<void, std::string> parse(std::string_view line, BinanceMessage& message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace soak::sim
