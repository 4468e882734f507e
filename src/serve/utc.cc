#include "serve/utc.h"

#include <charconv>
#include <chrono>

namespace soak::serve {
namespace {

// `digits` digits off the front of `text`, and `after` behind them (0: nothing has to follow).
bool take(std::string_view& text, std::size_t digits, char after, int& value) {
  if (text.size() < digits + (after != 0 ? 1 : 0)) return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + digits, value);
  if (problem != std::errc() || end != text.data() + digits || value < 0) return false;
  if (after != 0 && text[digits] != after) return false;
  text.remove_prefix(digits + (after != 0 ? 1 : 0));
  return true;
}

}  // namespace

std::optional<std::int64_t> parse_utc_ms(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool whole = take(text, 4, '-', year) && take(text, 2, '-', month) && take(text, 2, 'T', day) &&
                     take(text, 2, ':', hour) && take(text, 2, ':', minute) && take(text, 2, 0, second);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!whole || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  std::int64_t ms = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::int64_t scale = 100;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), scale /= 10)
      ms += scale * (text.front() - '0');
  }
  if (!text.empty() && text != "Z" && text != "+00:00") return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((std::int64_t{days} * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
}

}  // namespace soak::serve
