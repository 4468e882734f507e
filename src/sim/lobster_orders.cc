#include "sim/lobster_orders.h"

namespace soak::sim {
namespace {

bool takes_lots(LobsterType type) {
  return type == LobsterType::kPartialCancel || type == LobsterType::kDeletion ||
         type == LobsterType::kVisibleExecution;
}

}  // namespace

std::int64_t LobsterOrders::joined_row(const LobsterMessage& message) const {
  if (!takes_lots(message.type)) return kFeedJoinedNone;
  const auto order = orders_.find(message.order_id);
  return order == orders_.end() ? kFeedJoinedUnseen : order->second.row;
}

void LobsterOrders::apply(const LobsterMessage& message, std::int64_t row) {
  if (message.type == LobsterType::kSubmission) {
    orders_[message.order_id] = {row, message.size};
    return;
  }
  if (!takes_lots(message.type)) return;
  const auto order = orders_.find(message.order_id);
  if (order == orders_.end()) return;
  order->second.left -= message.size;
  if (message.type == LobsterType::kDeletion || order->second.left <= 0) orders_.erase(order);
}

}  // namespace soak::sim
