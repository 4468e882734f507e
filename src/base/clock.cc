#include "base/clock.h"

#include <fmt/format.h>

#include <ctime>

namespace soak::base {
namespace {

// Since the machine was started, the time that it slept included: nobody can set this clock.
std::chrono::nanoseconds uptime() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

UtcTime RealClock::now() const {
  struct Anchor {
    std::chrono::system_clock::time_point utc = std::chrono::system_clock::now();
    std::chrono::nanoseconds up = uptime();
  };
  static const Anchor anchor;
  return std::chrono::time_point_cast<std::chrono::milliseconds>(anchor.utc + (uptime() - anchor.up));
}

std::string format_utc(UtcTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss<milliseconds> clock{time - day};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) text += fmt::format(".{:03}", clock.subseconds().count());
  return text + "Z";
}

}  // namespace soak::base
