#include "sim/lobster_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <vector>

#include "sim/import_lines.h"
#include "sim/import_paths.h"
#include "sim/lobster_line.h"
#include "sim/lobster_orders.h"

namespace soak::sim {
namespace {

constexpr std::uint8_t kPriceDecimals = 4;
constexpr std::size_t kDateLength = 10;

struct LobsterSteps {
  Decimal tick;
  Decimal lot;
  std::int64_t tick_units = 0;  // the tick in the files' units of 1/10000
};

class LobsterImporter {
 public:
  LobsterImporter(FeedWriter& writer, const LobsterImportOptions& options, const LobsterSteps& steps,
                  std::int64_t midnight_ns)
      : writer_(writer), options_(options), steps_(steps), midnight_ns_(midnight_ns) {}

  Result<void> read(const std::string& messages, const std::string& books);
  const LobsterImportCounts& counts() const { return counts_; }

 private:
  Result<bool> next();
  Result<void> take(std::string_view message_line, std::string_view book_line);
  Result<void> take_trade();
  Result<void> take_book(std::string_view line);
  Result<void> check_steps(const LobsterBook& book) const;
  void take_order(std::int64_t rows_before);
  std::int64_t joined_row(EventKind kind, Side side, LobsterLevel level) const;
  Result<void> put(EventKind kind, Side side, LobsterLevel level);
  template <class Better>
  Result<void> put_removals(Side side, const std::vector<LobsterLevel>& before,
                            const std::vector<LobsterLevel>& after, Better better);
  template <class Better>
  Result<void> put_changes(Side side, const std::vector<LobsterLevel>& before,
                           const std::vector<LobsterLevel>& after, Better better);
  bool opening() const { return counts_.messages == 1; }

  FeedWriter& writer_;
  const LobsterImportOptions& options_;
  const LobsterSteps& steps_;
  std::int64_t midnight_ns_;
  LobsterImportCounts counts_;
  ImportLines* messages_ = nullptr;  // only while they are read
  ImportLines* books_ = nullptr;
  LobsterMessage message_;
  std::int64_t time_ns_ = 0;
  LobsterOrders orders_;
  std::int64_t message_joined_row_ = kFeedJoinedNone;
  std::int64_t rows_ = 0;  // that went out
  LobsterBook book_, next_book_;
  std::string book_line_;
  std::size_t levels_ = 0;
};

Result<void> LobsterImporter::read(const std::string& messages, const std::string& books) {
  auto message_lines = ImportLines::open(messages);
  if (!message_lines) return tl::unexpected(message_lines.error());
  auto book_lines = ImportLines::open(books);
  if (!book_lines) return tl::unexpected(book_lines.error());
  messages_ = &*message_lines;
  books_ = &*book_lines;
  for (;;) {
    auto more = next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    if (options_.progress && counts_.messages % 8192 == 0)
      options_.progress(message_lines->bytes_read() + book_lines->bytes_read());
  }
  counts_.levels = levels_;
  if (counts_.messages > 0) return {};
  return fail(ErrorCode::kInvalidValue, "holds no message", messages);
}

// One line of each file; false where both end.
Result<bool> LobsterImporter::next() {
  auto message_line = messages_->next();
  if (!message_line) return tl::unexpected(message_line.error());
  auto book_line = books_->next();
  if (!book_line) return tl::unexpected(book_line.error());
  if (!*message_line && !*book_line) return false;
  if (!*message_line || !*book_line) {
    const ImportLines& shorter = *message_line ? *books_ : *messages_;
    const ImportLines& longer = *message_line ? *messages_ : *books_;
    return fail(ErrorCode::kCorrupt,
                fmt::format("line {}: missing, the other file of the pair goes on", longer.line_number()),
                shorter.path());
  }
  auto taken = take(**message_line, **book_line);
  if (!taken) return tl::unexpected(taken.error());
  return true;
}

Result<void> LobsterImporter::take(std::string_view message_line, std::string_view book_line) {
  if (auto parsed = parse_lobster_message(message_line, message_); !parsed)
    return messages_->error(ErrorCode::kInvalidValue, parsed.error());
  if (message_.time_ns < time_ns_) {
    return messages_->error(ErrorCode::kInvalidValue,
                            fmt::format("time runs backwards by {:.9f} s",
                                        static_cast<double>(time_ns_ - message_.time_ns) / 1e9));
  }
  time_ns_ = message_.time_ns;
  ++counts_.messages;
  message_joined_row_ = orders_.joined_row(message_);
  const std::int64_t rows_before = rows_;
  // The trade first: a replay that saw the smaller level before it would count its volume twice.
  auto done = take_trade();
  if (done) done = take_book(book_line);
  if (done) take_order(rows_before);
  return done;
}

// The opening book holds what the first message did.
void LobsterImporter::take_order(std::int64_t rows_before) {
  const bool displayed = message_.type <= LobsterType::kVisibleExecution;
  if (displayed && message_.order_id <= 0) ++counts_.orders_without_id;
  // An order that changed no level has no row of its own: it joined no later than the last one.
  if (!opening()) orders_.apply(message_, rows_ > rows_before ? rows_before : rows_ - 1);
}

Result<void> LobsterImporter::take_trade() {
  if (message_.type == LobsterType::kCrossTrade) ++counts_.cross_trades;
  if (message_.type == LobsterType::kHalt && message_.price == -1) ++counts_.halts;
  const bool visible = message_.type == LobsterType::kVisibleExecution;
  const bool hidden = message_.type == LobsterType::kHiddenExecution;
  if (!visible && !hidden) return {};
  if (opening()) {
    ++counts_.trades_dropped;
    return {};
  }
  ++(visible ? counts_.visible_executions : counts_.hidden_executions);
  if (message_joined_row_ == kFeedJoinedUnseen) ++counts_.unseen_executions;
  const Side aggressor = opposite(message_.resting);
  std::int64_t price = message_.price;
  const std::int64_t beyond = price % steps_.tick_units;
  if (beyond != 0) {
    if (visible) {
      return messages_->error(
          ErrorCode::kInvalidValue,
          fmt::format("price {} is not a multiple of the tick {}: give a smaller --tick",
                      format_decimal({price, kPriceDecimals}), format_decimal(steps_.tick)));
    }
    ++counts_.hidden_between_ticks;
    price += aggressor == Side::kBuy ? -beyond : steps_.tick_units - beyond;
    price = std::max(price, steps_.tick_units);
  }
  if (!to_steps({message_.size, 0}, steps_.lot)) {
    return messages_->error(ErrorCode::kInvalidValue, fmt::format("size {} is not a multiple of the lot {}",
                                                                  message_.size, format_decimal(steps_.lot)));
  }
  return put(EventKind::kTrade, aggressor, {price, message_.size});
}

Result<void> LobsterImporter::check_steps(const LobsterBook& book) const {
  for (const std::vector<LobsterLevel>* side : {&book.bids, &book.asks}) {
    for (const LobsterLevel& level : *side) {
      if (level.price % steps_.tick_units != 0) {
        return books_->error(
            ErrorCode::kInvalidValue,
            fmt::format("price {} is not a multiple of the tick {}: give a smaller --tick",
                        format_decimal({level.price, kPriceDecimals}), format_decimal(steps_.tick)));
      }
      if (!to_steps({level.size, 0}, steps_.lot)) {
        return books_->error(ErrorCode::kInvalidValue, fmt::format("size {} is not a multiple of the lot {}",
                                                                   level.size, format_decimal(steps_.lot)));
      }
    }
  }
  return {};
}

Result<void> LobsterImporter::take_book(std::string_view line) {
  if (!opening() && line == book_line_) return {};
  if (auto parsed = parse_lobster_book(line, levels_, next_book_); !parsed)
    return books_->error(ErrorCode::kInvalidValue, parsed.error());
  if (auto checked = check_steps(next_book_); !checked) return checked;
  book_line_.assign(line);
  Result<void> done;
  if (opening()) {
    for (const LobsterLevel& level : next_book_.bids)
      if (done) done = put(EventKind::kSnapshot, Side::kBuy, level);
    for (const LobsterLevel& level : next_book_.asks)
      if (done) done = put(EventKind::kSnapshot, Side::kSell, level);
  } else {
    const auto higher = [](const LobsterLevel& a, const LobsterLevel& b) { return a.price > b.price; };
    const auto lower = [](const LobsterLevel& a, const LobsterLevel& b) { return a.price < b.price; };
    done = put_removals(Side::kBuy, book_.bids, next_book_.bids, higher);
    if (done) done = put_removals(Side::kSell, book_.asks, next_book_.asks, lower);
    if (done) done = put_changes(Side::kBuy, book_.bids, next_book_.bids, higher);
    if (done) done = put_changes(Side::kSell, book_.asks, next_book_.asks, lower);
  }
  std::swap(book_, next_book_);
  return done;
}

// Both lists are ordered from the best level on, by `better`.
template <class Better>
Result<void> LobsterImporter::put_removals(Side side, const std::vector<LobsterLevel>& before,
                                           const std::vector<LobsterLevel>& after, Better better) {
  auto in_after = after.begin();
  for (const LobsterLevel& level : before) {
    while (in_after != after.end() && better(*in_after, level)) ++in_after;
    if (in_after != after.end() && in_after->price == level.price) continue;
    if (auto done = put(EventKind::kDepth, side, {level.price, 0}); !done) return done;
  }
  return {};
}

template <class Better>
Result<void> LobsterImporter::put_changes(Side side, const std::vector<LobsterLevel>& before,
                                          const std::vector<LobsterLevel>& after, Better better) {
  auto in_before = before.begin();
  for (const LobsterLevel& level : after) {
    while (in_before != before.end() && better(*in_before, level)) ++in_before;
    if (in_before != before.end() && *in_before == level) continue;
    if (auto done = put(EventKind::kDepth, side, level); !done) return done;
  }
  return {};
}

Result<void> LobsterImporter::put(EventKind kind, Side side, LobsterLevel level) {
  FeedEvent event;
  event.exchange_ns = event.local_ns = midnight_ns_ + time_ns_;
  event.price = {level.price, kPriceDecimals};
  event.quantity = {level.size, 0};
  event.kind = kind;
  event.side = side;
  event.joined_row = joined_row(kind, side, level);
  ++rows_;
  return writer_.append(event);
}

// Other levels than the message's own come into sight or leave it.
std::int64_t LobsterImporter::joined_row(EventKind kind, Side side, LobsterLevel level) const {
  if (kind == EventKind::kTrade) return message_joined_row_;
  const bool own = kind == EventKind::kDepth && side == message_.resting && level.price == message_.price;
  return own ? message_joined_row_ : kFeedJoinedNone;
}

Result<LobsterSteps> steps_of(const LobsterImportOptions& options, const std::string& path) {
  LobsterSteps steps{options.tick.value_or(Decimal{1, 2}), options.lot.value_or(Decimal{1, 0}), 0};
  const auto units = to_steps(steps.tick, {1, kPriceDecimals});
  if (!units) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a tick of {} is not a multiple of 0.0001, LOBSTER's unit of price",
                            format_decimal(steps.tick)),
                path);
  }
  steps.tick_units = *units;
  return steps;
}

// The day, and a refusal where the names say that the two files do not belong together.
Result<std::int64_t> day_of(const std::string& messages, const std::string& books,
                            const LobsterImportOptions& options) {
  const LobsterName name = lobster_name(messages), other = lobster_name(books);
  if (!name.date.empty() && !other.date.empty() && (name.date != other.date || name.symbol != other.symbol)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("is of {} on {}, the message file of {} on {}", other.symbol, other.date,
                            name.symbol, name.date),
                books);
  }
  const std::string& date = options.date.empty() ? name.date : options.date;
  if (date.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "the file's name does not say the day (TICKER_YYYY-MM-DD_...): give --date YYYY-MM-DD",
                messages);
  }
  const auto midnight = midnight_of(date);
  if (!midnight) return fail(ErrorCode::kInvalidArgument, fmt::format("{} is not a day", date), messages);
  return *midnight;
}

}  // namespace

LobsterName lobster_name(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  const std::size_t end = name.find('_');
  if (end == 0 || end == std::string::npos || name.size() < end + 1 + kDateLength) return {};
  std::string date = name.substr(end + 1, kDateLength);
  const std::string_view rest = std::string_view(name).substr(end + 1 + kDateLength);
  if (!midnight_of(date) || !(rest.empty() || rest.front() == '_' || rest.front() == '.')) return {};
  return {name.substr(0, end), std::move(date)};
}

std::optional<std::int64_t> midnight_of(const std::string& date) {
  if (date.size() != kDateLength || date[4] != '-' || date[7] != '-') return std::nullopt;
  int year = 0;
  unsigned month = 0, day = 0;
  const auto number = [&date](std::size_t first, std::size_t count, auto& value) {
    const char* end = date.data() + first + count;
    const auto [after, error] = std::from_chars(date.data() + first, end, value);
    return error == std::errc{} && after == end;
  };
  if (!number(0, 4, year) || !number(5, 2, month) || !number(8, 2, day) || year < 1970) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(year), std::chrono::month(month),
                                        std::chrono::day(day)};
  if (!ymd.ok() || year > 2200) return std::nullopt;
  return std::chrono::nanoseconds(std::chrono::sys_days(ymd).time_since_epoch()).count();
}

Result<LobsterImport> import_lobster(const std::string& messages, const std::string& books,
                                     const std::string& out, const LobsterImportOptions& options) {
  if (auto allowed = refuse_own_input({messages, books}, out); !allowed)
    return tl::unexpected(allowed.error());
  const auto steps = steps_of(options, messages);
  if (!steps) return tl::unexpected(steps.error());
  const auto midnight = day_of(messages, books, options);
  if (!midnight) return tl::unexpected(midnight.error());
  auto writer = FeedWriter::create(out);
  if (!writer) return tl::unexpected(writer.error());
  LobsterImporter importer(*writer, options, *steps, *midnight);
  if (auto read = importer.read(messages, books); !read) return tl::unexpected(read.error());
  FeedMeta meta;
  meta.symbol = options.symbol.empty() ? lobster_name(messages).symbol : options.symbol;
  meta.source = "lobster";
  meta.tick = steps->tick;
  meta.lot = steps->lot;
  meta.latency_floor_ns = options.latency_floor_ns;
  meta.by_order = importer.counts().orders_without_id == 0;
  auto written = writer->finish(meta);
  if (!written) return tl::unexpected(written.error());
  return LobsterImport{importer.counts(), *written};
}

}  // namespace soak::sim
