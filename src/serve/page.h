#pragma once
// The page, and docs/openapi.json, as tools/embed_page.py put them into the program.

#include <soak/result.h>
#include <string>
#include <string_view>

namespace soak::serve {

struct PageFile {
  std::string_view content_type;
  std::string_view etag;  // weak, with its quotes; of the content
  std::string_view gzip;  // the content, compressed
};
const PageFile& page_file();  // style sheets and scripts stand in it
// The Content-Security-Policy that page_file() needs: its own scripts and styles by their hashes, this
// server's answers, and nothing else.
std::string_view page_policy();
const PageFile& openapi_file();
// The page as a report, compressed, in which kReportMarker stands in the place of a run's data.
std::string_view report_template_gzip();
inline constexpr std::string_view kReportMarker = "@SOAK_DATA@";
// The content of one of these. kCorrupt: it is not whole, which only a broken program can be.
Result<std::string> unpacked(std::string_view gzip);

}  // namespace soak::serve
