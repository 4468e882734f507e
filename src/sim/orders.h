#pragma once
// An order as both the market maker and the exchange know it, and the messages between them. Times in
// nanoseconds of exchange time.

#include <cstdint>

#include "sim/market_event.h"

namespace soak::sim {

struct Order {
  std::int64_t id = 0;
  Side side = Side::kBuy;
  bool taker = false;  // immediate or cancel: takes what the book offers, never rests
  std::int32_t price_ticks = 0;
  std::int64_t quantity_lots = 0;
  std::int64_t left_lots = 0;
  std::int64_t decided_ns = 0;  // when the market maker sent it
  std::int64_t opened_ns = 0;   // when the exchange accepted it
};

enum class RequestKind : std::uint8_t { kNew, kCancel };
struct Request {
  RequestKind kind = RequestKind::kNew;
  Order order;  // for a cancel: the id is what counts
  std::int64_t decided_ns = 0;
};

enum class ResponseKind : std::uint8_t { kAccepted, kRejected, kFilled, kCancelled, kCancelRejected };
struct Response {
  ResponseKind kind = ResponseKind::kAccepted;
  std::int64_t order_id = 0;
  Side side = Side::kBuy;
  std::int32_t price_ticks = 0;
  std::int64_t quantity_lots = 0;  // filled
  std::int64_t left_lots = 0;      // still open afterwards
  std::int64_t decided_ns = 0;     // of the request that it answers
  std::int64_t exchange_ns = 0;    // when it happened
  bool acknowledges = false;       // a request: a fill of a resting order answers none
};

}  // namespace soak::sim
