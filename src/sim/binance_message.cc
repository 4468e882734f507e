#include "sim/binance_message.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "sim/import_lines.h"

namespace soak::sim {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using Parsed = tl::expected<void, std::string>;

static_assert(ImportLines::kPaddingBytes >= simdjson::SIMDJSON_PADDING);

tl::unexpected<std::string> wrong(std::string message) {
  return tl::unexpected<std::string>(std::move(message));
}

// By way of is_*() rather than get(): GCC 12 takes simdjson's own get() of these two for a use of
// uninitialised memory.
bool as(const element& from, object& value) {
  if (!from.is_object()) return false;
  value = from.get_object().value_unsafe();
  return true;
}
bool as(const element& from, simdjson::dom::array& value) {
  if (!from.is_array()) return false;
  value = from.get_array().value_unsafe();
  return true;
}

template <class T>
bool get(const object& from, std::string_view key, T& value) {
  element found;
  if (from.at_key(key).get(found) != simdjson::SUCCESS) return false;
  if constexpr (std::is_same_v<T, element>) {
    value = found;
    return true;
  } else if constexpr (std::is_same_v<T, object> || std::is_same_v<T, simdjson::dom::array>) {
    return as(found, value);
  } else {
    return found.get(value) == simdjson::SUCCESS;
  }
}

bool get_decimal(const object& from, std::string_view key, Decimal& value) {
  std::string_view text;
  if (!get(from, key, text)) return false;
  const auto parsed = parse_decimal(text);
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool get_level(const element& pair, BinanceLevel& level) {
  simdjson::dom::array parts;
  if (!as(pair, parts)) return false;
  Decimal* const values[2] = {&level.price, &level.quantity};
  std::size_t count = 0;
  for (const element part : parts) {
    if (count == 2) break;  // old streams have an empty array as a third member
    std::string_view text;
    if (part.get(text) != simdjson::SUCCESS) return false;
    const auto value = parse_decimal(text);
    if (!value) return false;
    *values[count++] = *value;
  }
  return count == 2 && level.price.mantissa > 0;
}

Parsed read_levels(const object& from, std::string_view key, Side side, std::vector<BinanceLevel>& levels) {
  simdjson::dom::array pairs;
  if (!get(from, key, pairs)) return wrong(fmt::format("\"{}\" is not a list of levels", key));
  for (const element pair : pairs) {
    BinanceLevel level;
    level.side = side;
    if (!get_level(pair, level))
      return wrong(fmt::format("\"{}\" has a level that is not [\"price\", \"quantity\"]", key));
    levels.push_back(level);
  }
  return {};
}

// The matching engine's time where the message has one (trades; futures depth), else the event time.
bool get_time(const object& data, std::int64_t& exchange_ms) {
  constexpr std::int64_t kMax = std::int64_t{1} << 43;  // the year 2248, far from overflow in nanoseconds
  if (!get(data, "T", exchange_ms) && !get(data, "E", exchange_ms)) return false;
  return exchange_ms > 0 && exchange_ms < kMax;
}

Parsed read_depth(const object& data, BinanceMessage& message) {
  message.kind = BinanceMessage::Kind::kDepth;
  if (!get(data, "U", message.first_id) || !get(data, "u", message.last_id))
    return wrong("depth without \"U\" and \"u\"");
  if (message.last_id < message.first_id) return wrong("depth whose \"u\" is below its \"U\"");
  if (!get_time(data, message.exchange_ms)) return wrong("depth without a time \"E\"");
  std::uint64_t previous = 0;
  if (get(data, "pu", previous)) message.previous_id = previous;
  auto read = read_levels(data, "b", Side::kBuy, message.levels);
  return read ? read_levels(data, "a", Side::kSell, message.levels) : read;
}

Parsed read_snapshot(const object& data, BinanceMessage& message) {
  message.kind = BinanceMessage::Kind::kSnapshot;
  if (!get(data, "lastUpdateId", message.last_id)) return wrong("\"lastUpdateId\" is not a number");
  auto read = read_levels(data, "bids", Side::kBuy, message.levels);
  return read ? read_levels(data, "asks", Side::kSell, message.levels) : read;
}

Parsed read_trade(const object& data, bool aggregate, BinanceMessage& message) {
  message.kind = aggregate ? BinanceMessage::Kind::kAggregateTrade : BinanceMessage::Kind::kTrade;
  if (!get(data, aggregate ? "a" : "t", message.last_id)) return wrong("trade without an id");
  if (!get_time(data, message.exchange_ms)) return wrong("trade without a time \"T\"");
  if (!get_decimal(data, "p", message.price) || !get_decimal(data, "q", message.quantity)) {
    return wrong("trade whose \"p\" or \"q\" is not a decimal number in quotes");
  }
  if (!get(data, "m", message.buyer_is_maker)) return wrong("trade without \"m\"");
  // Futures report insurance-fund and liquidation bookings as trades of another type; nothing of them met the
  // book.
  std::string_view type;
  const bool booking = get(data, "X", type) && type != "MARKET";
  if (booking || message.price.mantissa == 0 || message.quantity.mantissa == 0)
    message.kind = BinanceMessage::Kind::kOther;
  return {};
}

Parsed read_ticker(const object& data, BinanceMessage& message) {
  message.kind = BinanceMessage::Kind::kBookTicker;
  FeedTouch& touch = message.touch;
  const bool good = get(data, "u", message.last_id) && get_decimal(data, "b", touch.bid_price) &&
                    get_decimal(data, "B", touch.bid_quantity) && get_decimal(data, "a", touch.ask_price) &&
                    get_decimal(data, "A", touch.ask_quantity);
  return good ? Parsed{} : wrong("bookTicker without \"u\", \"b\", \"B\", \"a\" and \"A\"");
}

Parsed read_stream(const object& data, BinanceMessage& message) {
  std::string_view symbol, event;
  if (get(data, "s", symbol)) message.symbol = symbol;
  const bool named = get(data, "e", event);
  element any;
  if (named && event == "depthUpdate") return read_depth(data, message);
  if (named && event == "trade") return read_trade(data, false, message);
  if (named && event == "aggTrade") return read_trade(data, true, message);
  // Spot's bookTicker is the one stream whose messages do not say what they are.
  const bool ticker_fields = !named && get(data, "B", any) && get(data, "A", any);
  if (ticker_fields || (named && event == "bookTicker")) return read_ticker(data, message);
  if (named || get(data, "result", any)) return {};
  return wrong("neither a stream's message nor a snapshot");
}

}  // namespace

struct BinanceParser::State {
  simdjson::dom::parser parser;
};

BinanceParser::BinanceParser() : state_(std::make_unique<State>()) {}
BinanceParser::~BinanceParser() = default;

Parsed BinanceParser::parse(std::string_view line, BinanceMessage& message) {
  message.kind = BinanceMessage::Kind::kOther;
  message.symbol.clear();
  message.previous_id.reset();
  message.levels.clear();
  message.exchange_ms = 0;
  const auto [after, error] = std::from_chars(line.data(), line.data() + line.size(), message.local_ns);
  const auto digits = static_cast<std::size_t>(after - line.data());
  if (error != std::errc{} || message.local_ns <= 0 || digits >= line.size() || *after != ' ') {
    return wrong("does not start with a local time in nanoseconds and a blank");
  }
  constexpr std::int64_t kNsMin =
      100'000'000'000'000'000;  // 1973; smaller is milli- or microseconds by mistake
  if (message.local_ns < kNsMin) return wrong("the local time is not in nanoseconds since 1970");
  const std::string_view json = line.substr(digits + 1);
  element document;
  const auto status = state_->parser.parse(json.data(), json.size(), false).get(document);
  if (status != simdjson::SUCCESS)
    return wrong(fmt::format("not JSON ({})", simdjson::error_message(status)));
  object root, data;
  if (!as(document, root)) return wrong("the JSON is not an object");
  element any;
  if (get(root, "lastUpdateId", any)) return read_snapshot(root, message);
  std::string_view stream;
  if (!get(root, "stream", stream)) return read_stream(root, message);
  if (!get(root, "data", data)) return wrong("\"data\" is not an object");
  return read_stream(data, message);
}

}  // namespace soak::sim
