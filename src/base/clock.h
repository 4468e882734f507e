#pragma once
// Time is passed in. SimulatedClock makes a mock soak repeat to the byte; RealClock is the machine's.

#include <chrono>
#include <cstdint>
#include <string>

namespace soak::base {

using UtcTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// 2026-01-01T00:00:00Z, where every mock run begins.
inline constexpr UtcTime kMockEpoch{std::chrono::milliseconds{1767225600000}};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcTime now() const = 0;
};

// The machine's clock as it stood when this process first asked, and the time that has really passed since:
// where somebody sets the clock in the midst of a run, the run's clock does not jump with it.
class RealClock final : public Clock {
 public:
  UtcTime now() const override;
};

class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(UtcTime start = kMockEpoch) : now_(start) {}
  UtcTime now() const override { return now_; }
  void advance(std::chrono::milliseconds by) { now_ += by; }
  void set(UtcTime time) { now_ = time; }

 private:
  UtcTime now_;
};

// "2026-01-01T00:05:00Z"; milliseconds are printed only where they are not zero.
std::string format_utc(UtcTime time);

}  // namespace soak::base
