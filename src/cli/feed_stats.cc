// `soak feed stats`: how a market behaves, in units of its own typical spread.

#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "sim/feed_statistics.h"

namespace soak::cli {
namespace {

struct Curve {
  const char* name;
  const char* at;
  const char* value;
  const std::vector<sim::StatisticsPoint>& points;
};

std::vector<Curve> curves_of(const sim::FeedStatistics& s) {
  return {{"spread_distribution", "typical spreads", "share of time", s.spread_distribution},
          {"depth_by_distance", "typical spreads behind the touch", "typical touches", s.depth_by_distance},
          {"signature", "seconds", "typical spreads per root second", s.signature},
          {"sign_autocorrelation", "trades later", "correlation", s.sign_autocorrelation},
          {"trade_clustering", "seconds", "variance ÷ mean", s.trade_clustering},
          {"level_lifetime", "seconds", "share gone", s.level_lifetime}};
}

Json json_of(const std::string& path, const sim::FeedStatistics& s) {
  Json json = {{"file", path},
               {"span_s", s.span_s},
               {"spread_ticks_typical", s.spread_ticks_typical},
               {"touch_lots_typical", s.touch_lots_typical},
               {"trades", s.trades}};
  for (const Curve& curve : curves_of(s)) {
    Json points = Json::array();
    for (const sim::StatisticsPoint& point : curve.points) points.push_back({point.at, point.value});
    json[curve.name] = {{"at", curve.at}, {"value", curve.value}, {"points", std::move(points)}};
  }
  return json;
}

std::string text_of(const std::string& path, const sim::FeedStatistics& s) {
  std::string text =
      fmt::format("{}: {:.1f} s, {} trades, typical spread {:g} ticks, typical touch {:g} lots\n", path,
                  s.span_s, s.trades, s.spread_ticks_typical, s.touch_lots_typical);
  for (const Curve& curve : curves_of(s)) {
    text += fmt::format("{} ({} by {})\n ", curve.name, curve.value, curve.at);
    for (const sim::StatisticsPoint& point : curve.points)
      text += fmt::format(" {:g}: {:.3g}", point.at, point.value);
    text += "\n";
  }
  return text;
}

int run_stats(const std::string& path, bool json) {
  const auto feed = sim::Feed::open(path);
  if (!feed) return report_error(feed.error(), json);
  const sim::FeedStatistics statistics = sim::measure_statistics(*feed);
  const bool printed =
      json ? print_json(json_of(path, statistics), true) : print_text(text_of(path, statistics));
  return printed ? kExitOk : kExitError;
}

}  // namespace

void add_feed_stats(CLI::App& feed, int& exit_code) {
  CLI::App* command = feed.add_subcommand("stats", "How the market behaves, in units of its typical spread");
  struct Request {
    std::string feed;
    bool json = false;
  };
  const auto request = std::make_shared<Request>();
  command->add_option("FEED", request->feed, "The .feed file")->required();
  command->add_flag("--json", request->json, "Print one JSON document");
  command->callback([request, &exit_code] { exit_code = run_stats(request->feed, request->json); });
}

}  // namespace soak::cli
