#pragma once
// The page's files, and docs/openapi.json, as tools/embed_page.py put them into the program.

#include <span>
#include <string_view>

namespace soak::serve {

struct PageFile {
  std::string_view path;  // on the server: "/", "/app.js"
  std::string_view content_type;
  std::string_view etag;  // weak, with its quotes; of the content
  std::string_view gzip;  // the content, compressed
};
std::span<const PageFile> page_files();
const PageFile& openapi_file();  // its path is empty

}  // namespace soak::serve
