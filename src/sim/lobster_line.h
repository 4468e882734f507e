#pragma once
// One line of LOBSTER's message and order-book files, as values. Source of the fields: LOBSTER's description
// of its output (lobsterdata.com, data structure). Prices are in 1/10000 dollars, times in ns after midnight.
// Pure; an error is a phrase without file or line.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sim/market_event.h"

namespace soak::sim {

enum class LobsterType : int {
  kSubmission = 1,
  kPartialCancel = 2,
  kDeletion = 3,
  kVisibleExecution = 4,
  kHiddenExecution = 5,
  kCrossTrade = 6,
  kHalt = 7,
};

struct LobsterMessage {  // Time, Type, OrderID, Size, Price, Direction; further columns mean nothing here
  std::int64_t time_ns = 0;
  LobsterType type = LobsterType::kSubmission;
  std::int64_t order_id = 0;  // 0 of a hidden order
  std::int64_t size = 0;
  std::int64_t price = 0;
  Side resting = Side::kBuy;  // the side of the order that the message is about
};

struct LobsterLevel {
  std::int64_t price = 0;
  std::int64_t size = 0;
  friend bool operator==(const LobsterLevel&, const LobsterLevel&) = default;
};

struct LobsterBook {  // best first; empty levels are left out
  std::vector<LobsterLevel> bids;
  std::vector<LobsterLevel> asks;
};

using LobsterParsed = tl::expected<void, std::string>;

LobsterParsed parse_lobster_message(std::string_view line, LobsterMessage& message);

// Ask price, ask size, bid price, bid size, level by level. `levels`: how many there are, 0 to find out; it
// is set. The sides must be ordered from the best on, and not cross.
LobsterParsed parse_lobster_book(std::string_view line, std::size_t& levels, LobsterBook& book);

}  // namespace soak::sim
