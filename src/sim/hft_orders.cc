#include "sim/hft_orders.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace soak::sim {
namespace {

// With as many decimals as asked for; nothing where that needs more than 63 bits.
std::optional<std::int64_t> scaled(Decimal value, std::uint8_t decimals) {
  std::int64_t mantissa = value.mantissa;
  for (std::uint8_t k = value.decimals; k < decimals; ++k) {
    if (__builtin_mul_overflow(mantissa, 10, &mantissa)) return std::nullopt;
  }
  return mantissa;
}

// a + sign * b.
std::optional<Decimal> sum(Decimal a, Decimal b, std::int64_t sign) {
  const std::uint8_t decimals = std::max(a.decimals, b.decimals);
  const auto left = scaled(a, decimals), right = scaled(b, decimals);
  Decimal result{0, decimals};
  if (!left || !right || __builtin_add_overflow(*left, sign * *right, &result.mantissa)) return std::nullopt;
  return result;
}

constexpr const char* kTooMuch = "more than 63 bits of quantity rest at this price";

tl::unexpected<std::string> wrong(std::string message) {
  return tl::unexpected<std::string>(std::move(message));
}

}  // namespace

tl::expected<HftOrderRows, std::string> HftOrders::take(HftKind kind, std::uint64_t order_id,
                                                        const FeedEvent& event, std::int64_t next_row) {
  if (kind == kHftAddOrder) return add(order_id, event, next_row);
  const auto found = orders_.find(order_id);
  if (found == orders_.end()) return wrong(fmt::format("order {} is not in the book", order_id));
  Order& order = found->second;
  if (kind == kHftCancelOrder) return cancel(order_id, order, event);
  if (kind == kHftModifyOrder) return modify(order, event, next_row);
  HftOrderRows rows;
  if (event.quantity.mantissa == 0) return rows;
  FeedEvent& trade = rows.events[rows.count++];
  trade = event;
  trade.kind = EventKind::kTrade;
  trade.side = opposite(order.side);
  trade.price = order.price;
  trade.joined_row = order.row;
  return rows;
}

tl::expected<HftOrderRows, std::string> HftOrders::add(std::uint64_t order_id, const FeedEvent& event,
                                                       std::int64_t next_row) {
  if (event.quantity.mantissa == 0) return wrong(fmt::format("order {} has no quantity", order_id));
  if (orders_.count(order_id) > 0) return wrong(fmt::format("order {} is in the book already", order_id));
  Decimal& level = level_of(event.side, event.price);
  const auto total = sum(level, event.quantity, 1);
  if (!total) return wrong(kTooMuch);
  level = *total;
  const Order& order = orders_[order_id] = {event.price, event.quantity, event.side, next_row};
  HftOrderRows rows;
  put_level(rows, event, order, kFeedJoinedNone);
  return rows;
}

HftOrderRows HftOrders::cancel(std::uint64_t order_id, const Order& order, const FeedEvent& event) {
  HftOrderRows rows;
  Decimal& level = level_of(order.side, order.price);
  level = sum(level, order.quantity, -1).value_or(Decimal{});
  if (order.quantity.mantissa > 0) put_level(rows, event, order, order.row);
  if (level.mantissa == 0) levels_.erase({order.side, order.price.mantissa, order.price.decimals});
  orders_.erase(order_id);
  return rows;
}

tl::expected<HftOrderRows, std::string> HftOrders::modify(Order& order, const FeedEvent& event,
                                                          std::int64_t next_row) {
  HftOrderRows rows;
  Decimal& level = level_of(order.side, order.price);
  const auto less = sum(order.quantity, event.quantity, -1);
  if (!less) return wrong(kTooMuch);
  if (event.price == order.price && less->mantissa >= 0) {
    level = sum(level, *less, -1).value_or(Decimal{});
    order.quantity = event.quantity;
    if (less->mantissa > 0) put_level(rows, event, order, order.row);
    return rows;
  }
  const bool same_level = event.price == order.price;
  const Decimal without = sum(level, order.quantity, -1).value_or(Decimal{});
  const auto total = sum(same_level ? without : level_of(order.side, event.price), event.quantity, 1);
  if (!total) return wrong(kTooMuch);
  level = without;
  if (order.quantity.mantissa > 0) put_level(rows, event, order, order.row);
  if (!same_level && without.mantissa == 0)
    levels_.erase({order.side, order.price.mantissa, order.price.decimals});
  order = {event.price, event.quantity, order.side, next_row + static_cast<std::int64_t>(rows.count)};
  level_of(order.side, order.price) = *total;
  if (order.quantity.mantissa > 0) put_level(rows, event, order, kFeedJoinedNone);
  return rows;
}

void HftOrders::put_level(HftOrderRows& rows, const FeedEvent& event, const Order& order,
                          std::int64_t joined_row) {
  FeedEvent& row = rows.events[rows.count++];
  row = event;
  row.kind = EventKind::kDepth;
  row.side = order.side;
  row.price = order.price;
  row.quantity = level_of(order.side, order.price);
  row.joined_row = joined_row;
}

void HftOrders::clear(Side side) {
  std::erase_if(orders_, [side](const auto& entry) { return entry.second.side == side; });
  std::erase_if(levels_, [side](const auto& entry) { return std::get<0>(entry.first) == side; });
}

}  // namespace soak::sim
