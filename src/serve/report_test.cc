#include "serve/report.h"

#include <gmock/gmock.h>

#include "base/testing.h"
#include "serve/page.h"

namespace soak::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Report : public ::testing::Test {
 protected:
  // Two iterations of an old run, of which one has a text that would end a script element.
  void SetUp() override {
    for (const char* iteration : {"1", "2"}) {
      base::write_bytes(folder_.file(std::string("ITER_SUMMARY_") + iteration + ".json"),
                        std::string(R"({"iteration":)") + iteration +
                            R"(,"summary":{"net_bps":3.1},"tuning":{"proposed_deltas":{},"applied":false},)"
                            R"("runtime_overrides":{"engine":{"note":"</script><b>"}}})");
    }
    base::write_bytes(folder_.file("TUNING_REPORT.json"),
                      R"([{"iteration":1,"proposed_deltas":{"note":"</script><b>"},"applied":false}])");
  }
  Defaults defaults_{Registry::builtin(), analyze::market_maker_profile()};
  base::TempFolder folder_;
};

TEST_F(Report, HoldsTheRunInOneFileThatNamesNoOther) {
  const auto html = report_html(folder_.path(), defaults_);
  ASSERT_TRUE(html) << html.error().message;
  EXPECT_THAT(*html, HasSubstr(R"("net_bps":{"mean":[3.1,3.1])"));
  EXPECT_THAT(*html, Not(HasSubstr(std::string(kReportMarker))));
  EXPECT_THAT(*html, Not(HasSubstr(" src=")));
  EXPECT_EQ(*html, *report_html(folder_.path(), defaults_));
}
TEST_F(Report, TextOfTheRunIsNoMarkup) {
  const auto html = report_html(folder_.path(), defaults_);
  ASSERT_TRUE(html);
  EXPECT_THAT(*html, HasSubstr(R"(\u003c/script>\u003cb>)"));
  EXPECT_THAT(*html, Not(HasSubstr("</script><b>")));
}
TEST_F(Report, OfAFolderWithoutARunIsAnError) {
  const base::TempFolder empty;
  EXPECT_FALSE(report_html(empty.path(), defaults_));
}

}  // namespace
}  // namespace soak::serve
