#include "serve/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/file.h"

namespace soak::serve {
namespace {

std::variant<std::monostate, Query, http::Reply> parse(const std::string& target) {
  const auto parsed = http::parse_request("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return parse_query(std::get<http::Complete>(parsed).request);
}
Query query(const std::string& target) {
  return std::get<Query>(parse(target));
}
int status(const std::string& target) {
  return std::get<http::Reply>(parse(target)).status;
}

TEST(QueryTest, EveryRouteIsInTheDocumentAndEveryPathOfTheDocumentIsARoute) {
  const auto text = base::read_file(SOAK_OPENAPI);
  ASSERT_TRUE(text);
  const auto document = parse_json(*text);
  ASSERT_TRUE(document);
  std::set<std::string> documented, served;
  for (const auto& [path, methods] : (*document)["paths"].items()) {
    std::string entry = path;
    for (const Json& parameter : methods["get"].value("parameters", Json::array())) {
      if (parameter["in"] == "query") entry += " " + parameter["name"].get<std::string>();
    }
    documented.insert(entry);
  }
  for (const RouteInfo& info : kRoutes) {
    served.insert(std::string(info.path) + (info.parameters.empty() ? "" : " ") +
                  std::string(info.parameters));
  }
  EXPECT_EQ(served, documented);
}

TEST(QueryTest, RunIsTakenFromThePath) {
  EXPECT_EQ(query("/api/v1/runs/mock-1").run, "mock-1");
  EXPECT_EQ(query("/api/v1/runs/mock-1/series").route, Route::kSeries);
  EXPECT_EQ(query("/api/v1/runs/mock-1/series").run, "mock-1");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(parse("/api/v1/runs/a/b")));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(parse("/api/v1/runs/")));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(parse("/api/v1/run")));
}

TEST(QueryTest, ParametersHaveTheBoundsOfTheDocument) {
  EXPECT_EQ(query("/api/v1/runs?limit=1000&offset=5&q=Mock").limit, 1000U);
  EXPECT_EQ(query("/api/v1/runs?q=MOCK").text, "mock");
  EXPECT_EQ(query("/api/v1/runs/a/series?from=2&to=9&points=5000").range.points_max, 5000U);
  for (const char* wrong :
       {"limit=0", "limit=1001", "limit=", "limit=1x", "limit=-1", "limit=99999999999999999999", "offset=-1",
        "offset=1000001", "limit=1&limit=2", "nonsense=1", "from=1"})
    EXPECT_EQ(status(std::string("/api/v1/runs?") + wrong), 400) << wrong;
  for (const char* wrong : {"from=0", "to=1000000001", "points=0", "points=5001", "from=9&to=2"})
    EXPECT_EQ(status(std::string("/api/v1/runs/a/series?") + wrong), 400) << wrong;
  EXPECT_EQ(status("/api/v1/runs/a/ledger?stage=nowhere"), 400);
  EXPECT_EQ(query("/api/v1/runs/a/ledger?stage=in_effect").stage, "in_effect");
  EXPECT_EQ(status("/api/v1/runs?q=" + std::string(801, 'a')), 400);
}

TEST(QueryTest, AComparisonNamesTwoRuns) {
  EXPECT_EQ(query("/api/v1/compare?a=x&b=y").other, "y");
  EXPECT_EQ(status("/api/v1/compare?a=x"), 400);
  EXPECT_EQ(status("/api/v1/compare"), 400);
}

}  // namespace
}  // namespace soak::serve
