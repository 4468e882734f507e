#include "sim/lobster_line.h"

#include <fmt/format.h>

#include <charconv>

namespace soak::sim {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsADay = 86'400;
constexpr std::int64_t kNoPrice = 9'999'999'999;  // of a level that does not exist; negative for a bid

tl::unexpected<std::string> wrong(std::string message) {
  return tl::unexpected<std::string>(std::move(message));
}

// Takes the text before the next comma off the line; false at its end.
bool next_field(std::string_view& line, std::string_view& field) {
  if (line.data() == nullptr) return false;
  const std::size_t comma = line.find(',');
  field = line.substr(0, comma);
  line = comma == std::string_view::npos ? std::string_view() : line.substr(comma + 1);
  return true;
}

// A whole number, also with zeros behind a point, as some programs save it.
bool whole(std::string_view field, std::int64_t& value) {
  const char* end = field.data() + field.size();
  auto [after, error] = std::from_chars(field.data(), end, value);
  if (error != std::errc{}) return false;
  if (after != end && *after == '.') {
    for (++after; after != end && *after == '0';) ++after;
  }
  return after == end;
}

// Seconds with decimals; what is finer than a nanosecond is cut off.
bool time_of(std::string_view field, std::int64_t& ns) {
  const char* end = field.data() + field.size();
  std::int64_t seconds = 0;
  auto [after, error] = std::from_chars(field.data(), end, seconds);
  if (error != std::errc{} || field.front() == '-' || seconds >= kSecondsADay) return false;
  ns = seconds * kNsPerSecond;
  if (after == end) return true;
  if (*after != '.') return false;
  std::int64_t worth = kNsPerSecond;
  for (++after; after != end; ++after) {
    if (*after < '0' || *after > '9') return false;
    worth /= 10;
    ns += worth * (*after - '0');
  }
  return true;
}

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Appends the level unless it is an empty one; those may only stand behind the others.
LobsterParsed add_level(Side side, LobsterLevel level, bool& ended, std::vector<LobsterLevel>& levels) {
  const bool ask = side == Side::kSell;
  const char* name = ask ? "ask" : "bid";
  if (level.price == (ask ? kNoPrice : -kNoPrice)) {
    ended = true;
    return {};
  }
  if (ended) return wrong(fmt::format("{} level behind an empty one", name));
  if (level.price <= 0 || level.price >= kNoPrice || level.size <= 0)
    return wrong(fmt::format("{} level {} at {} is none", name, level.size, level.price));
  const bool ordered =
      levels.empty() || (ask ? levels.back().price < level.price : levels.back().price > level.price);
  if (!ordered) return wrong(fmt::format("the {} levels are not in order at {}", name, level.price));
  levels.push_back(level);
  return {};
}

}  // namespace

LobsterParsed parse_lobster_message(std::string_view line, LobsterMessage& message) {
  line = without_return(line);
  std::string_view fields[6];
  std::size_t count = 0;
  while (count < 6 && next_field(line, fields[count])) ++count;
  std::int64_t type = 0, direction = 0;
  if (count < 6 || !time_of(fields[0], message.time_ns) || !whole(fields[1], type) ||
      !whole(fields[2], message.order_id) || !whole(fields[3], message.size) ||
      !whole(fields[4], message.price) || !whole(fields[5], direction)) {
    return wrong("not a LOBSTER message (Time,Type,OrderID,Size,Price,Direction)");
  }
  if (type < 1 || type > 7) return wrong(fmt::format("unknown type {}", type));
  message.type = static_cast<LobsterType>(type);
  const bool of_an_order = message.type <= LobsterType::kHiddenExecution;
  if (of_an_order && direction != 1 && direction != -1)
    return wrong(fmt::format("direction {} is neither 1 nor -1", direction));
  if (of_an_order && (message.size <= 0 || message.price <= 0 || message.price >= kNoPrice))
    return wrong(fmt::format("size {} at price {} is no order", message.size, message.price));
  message.resting = direction == 1 ? Side::kBuy : Side::kSell;
  return {};
}

LobsterParsed parse_lobster_book(std::string_view line, std::size_t& levels, LobsterBook& book) {
  line = without_return(line);
  book.bids.clear();
  book.asks.clear();
  bool asks_ended = false, bids_ended = false;
  std::size_t count = 0;
  for (std::string_view field; next_field(line, field); ++count) {
    std::string_view rest[3];
    LobsterLevel ask, bid;
    const bool complete = next_field(line, rest[0]) && next_field(line, rest[1]) && next_field(line, rest[2]);
    if (!complete || !whole(field, ask.price) || !whole(rest[0], ask.size) || !whole(rest[1], bid.price) ||
        !whole(rest[2], bid.size)) {
      return wrong("not a LOBSTER order book (ask price, ask size, bid price, bid size for each level)");
    }
    auto added = add_level(Side::kSell, ask, asks_ended, book.asks);
    if (added) added = add_level(Side::kBuy, bid, bids_ended, book.bids);
    if (!added) return added;
  }
  if (levels == 0) levels = count;
  if (count != levels) return wrong(fmt::format("{} levels, the lines before have {}", count, levels));
  if (!book.bids.empty() && !book.asks.empty() && book.bids.front().price >= book.asks.front().price) {
    return wrong(fmt::format("the book is crossed: best bid {} at or above best ask {}",
                             book.bids.front().price, book.asks.front().price));
  }
  return {};
}

}  // namespace soak::sim
