#include "cli/html_report.h"

#include <utility>

#include "analyze/profile.h"
#include "cli/input.h"
#include "cli/output_file.h"
#include "serve/report.h"

namespace soak::cli {

Result<void> write_html_report(const FolderRequest& folder, const std::string& out, bool built_in) {
  auto registry = load_registry(folder.params);
  if (!registry) return tl::unexpected(registry.error());
  serve::Defaults defaults{std::move(*registry), analyze::market_maker_profile(), built_in};
  if (!folder.kpi_profile.empty()) {
    auto profile = analyze::load_profile(folder.kpi_profile);
    if (!profile) return tl::unexpected(profile.error());
    defaults.profile = std::move(*profile);
    defaults.profile_wins = true;
  }
  const auto html = serve::report_html(folder.path, defaults);
  if (!html) return tl::unexpected(html.error());
  return write_output(out, *html, folder.path);
}

}  // namespace soak::cli
