#pragma once
// The routes of docs/openapi.json, and what a request asks of them. Pure and thread safe.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http/request.h"
#include "http/server.h"
#include "serve/run_columns.h"

namespace soak::serve {

enum class Route {
  kRuns,
  kRun,
  kSeries,
  kLedger,
  kCompare,
  kRunEvents,
  kEvents,
  kOpenApi,
  kMetrics,
  kHealth
};

struct RouteInfo {
  Route route;
  std::string_view path;        // as in docs/openapi.json; {run} stands for a run's id
  std::string_view parameters;  // of the query, separated by spaces
};
inline constexpr std::array<RouteInfo, 10> kRoutes{{
    {Route::kRuns, "/api/v1/runs", "q limit offset"},
    {Route::kRun, "/api/v1/runs/{run}", ""},
    {Route::kSeries, "/api/v1/runs/{run}/series", "from to points"},
    {Route::kLedger, "/api/v1/runs/{run}/ledger", "q stage limit offset"},
    {Route::kCompare, "/api/v1/compare", "a b"},
    {Route::kRunEvents, "/api/v1/runs/{run}/events", ""},
    {Route::kEvents, "/api/v1/events", ""},
    {Route::kOpenApi, "/api/v1/openapi.json", ""},
    {Route::kMetrics, "/metrics", ""},
    {Route::kHealth, "/healthz", ""},
}};

struct Query {
  Route route = Route::kRuns;
  std::string run;    // its id; of a comparison, the baseline's
  std::string other;  // of a comparison
  std::string text;   // q, in lower case as far as ASCII goes
  std::string stage;
  std::size_t limit = 200;
  std::size_t offset = 0;
  SeriesRange range;
};

// Nothing: no route of the API has this path. A Reply: the parameters are wrong (400).
std::variant<std::monostate, Query, http::Reply> parse_query(const http::Request& request);

std::string ascii_lower(std::string_view text);

}  // namespace soak::serve
