#include "fuzz/place.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/temporary_folder.h"
#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

base::TemporaryFolder make_folder() {
  constexpr char kInMemory[] = "/dev/shm";
  if (std::filesystem::is_directory(kInMemory)) ::setenv("TMPDIR", kInMemory, 0);
  auto folder = base::TemporaryFolder::create("soak-fuzz-");
  require(folder.has_value(), "a temporary folder can be made");
  return std::move(*folder);
}

}  // namespace

const std::string& place() {
  static const base::TemporaryFolder folder = make_folder();
  return folder.path();
}

std::string put_file(std::string_view name, std::string_view bytes) {
  std::string path = place() + "/" + std::string(name);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  require(out.good(), "an input can be written to its place");
  return path;
}

std::optional<std::string> file_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void clear_place() {
  for (const auto& entry : std::filesystem::directory_iterator(place()))
    std::filesystem::remove_all(entry.path());
}

std::vector<std::string_view> pieces_of(std::string_view bytes, std::size_t most) {
  constexpr std::string_view kBetween = "\n---\n";
  std::vector<std::string_view> pieces;
  while (pieces.size() + 1 < most) {
    const std::size_t end = bytes.find(kBetween);
    if (end == std::string_view::npos) break;
    pieces.push_back(bytes.substr(0, end));
    bytes.remove_prefix(end + kBetween.size());
  }
  pieces.push_back(bytes);
  return pieces;
}

}  // namespace soak::fuzz
