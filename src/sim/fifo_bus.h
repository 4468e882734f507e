#pragma once
// A first-in first-out line of messages that arrive in order of time: a ring that grows when it is full and
// is reused otherwise, so that a replay with a few messages in flight stays within a few cache lines. Not
// thread safe.

#include <cstddef>
#include <utility>
#include <vector>

namespace soak::sim {

template <class Message>
class FifoBus {
 public:
  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }
  // The message with `index` < size() before it.
  Message& at(std::size_t index) { return ring_[(head_ + index) & mask_]; }
  const Message& front() const { return ring_[head_ & mask_]; }
  const Message& back() const { return ring_[(tail_ - 1) & mask_]; }
  // The next place, for the caller to fill; with `keep` false it stays free.
  Message& push(bool keep = true) {
    if (tail_ - head_ > mask_) [[unlikely]] {
      grow();
    }
    Message& place = ring_[tail_ & mask_];
    tail_ += keep;
    return place;
  }
  void pop() { ++head_; }

 private:
  [[gnu::noinline]] void grow() {
    std::vector<Message> wider(2 * ring_.size());
    for (std::size_t i = head_; i != tail_; ++i) wider[i - head_] = ring_[i & mask_];
    tail_ -= head_;
    head_ = 0;
    ring_ = std::move(wider);
    mask_ = ring_.size() - 1;
  }

  std::vector<Message> ring_ = std::vector<Message>(16);
  std::size_t mask_ = 15;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace soak::sim
