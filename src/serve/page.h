#pragma once
// The page's files, and docs/openapi.json, as tools/embed_page.py put them into the program.

#include <soak/result.h>
#include <span>
#include <string>
#include <string_view>

namespace soak::serve {

struct PageFile {
  std::string_view path;  // on the server: "/", "/app.js"
  std::string_view content_type;
  std::string_view etag;  // weak, with its quotes; of the content
  std::string_view gzip;  // the content, compressed
};
std::span<const PageFile> page_files();
// The page as one file, compressed, in which kReportMarker stands in the place of a run's data.
std::string_view report_template_gzip();
inline constexpr std::string_view kReportMarker = "@SOAK_DATA@";
// The content of one of these. kCorrupt: it is not whole, which only a broken program can be.
Result<std::string> unpacked(std::string_view gzip);
const PageFile& openapi_file();  // its path is empty

}  // namespace soak::serve
