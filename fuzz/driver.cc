// Runs a harness without libFuzzer: NAME_fuzz CORPUS [CASES [SEED]]. Each file of the corpus as it is, then
// CASES mutations of them, the same ones for the same seed. A case that breaks a property is left as the file
// NAME_fuzz.case in the folder of the call; NAME_fuzz --file FILE runs one file.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/rng.h"
#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

constexpr std::uint64_t kCases = 20'000;
constexpr double kShareMin =
    0.005;  // of inputs taken, and of inputs refused: else the test looks at one half

// What parsers of JSON and of the Prometheus format stumble over.
// clang-format off
constexpr std::array kTokens = {
    "NaN", "-Infinity", "+Inf", "+-1", "-1", "1.5", "1e999", "-1e-999", "1e308", "9223372036854775808",
    "18446744073709551616", "-0.0", "0x10", "00", "1.", ".5", "1_000", "null", "true", "[", "]", "{", "}", "\"",
    "\\", ",", ":", "=", "\n", "\r\n", "\t", " ", "#", "{}", "[[[[[[[[", "{\"a\":{\"a\":{\"a\":", "\"seq\":1",
    "\"seq\":", "\"effective\":", "\"params\":[", "\"evidence\":{\"x\":", "\\u0000", "\\ud800", "\\udc00",
    "\xff", "\xc3\x28", "\xf0\x9f\x98\x80", "\xed\xa0\x80", "\xef\xbb\xbf", "---\n", "a{b=\"c\"} 1\n"};
// clang-format on

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  std::string input() {
    std::string text = corpus_[below(corpus_.size())];
    for (std::size_t k = 1 + below(4); k > 0; --k) mutate(text);
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound)); }
  // Anywhere in the text, its end included.
  std::size_t place(const std::string& text) { return below(text.size() + 1); }
  static std::string end_of(const std::string& text, std::size_t at) {
    return text.substr(std::min(at, text.size()));
  }
  std::string token() { return kTokens[below(kTokens.size())]; }

  void mutate(std::string& text) {
    const std::size_t at = place(text), size = below(std::min<std::size_t>(text.size(), 40) + 1);
    switch (below(9)) {
      case 0:  // torn
        text.resize(at);
        break;
      case 1:  // a bit turned over
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 2:  // lost
        text.erase(at, size);
        break;
      case 3:  // twice
        text.insert(place(text), text.substr(at, size));
        break;
      case 4:
        text.insert(at, token());
        break;
      case 5:
        text.replace(at, std::min(size, text.size() - at), token());
        break;
      case 6:  // the end of another
        text = text.substr(0, at) + end_of(corpus_[below(corpus_.size())], size);
        break;
      case 7:
        replace_number(text, at);
        break;
      default:
        grow(text, at);
    }
  }
  // The next number becomes another text, or a value nested deep or long, whole all the same.
  void replace_number(std::string& text, std::size_t at) {
    const std::size_t begin = text.find_first_of("0123456789", at);
    if (begin == std::string::npos) return;
    const std::size_t end = std::min(text.find_first_not_of("0123456789.eE+-", begin), text.size());
    const std::size_t times = std::size_t{1} << below(10);
    const std::array<std::string, 3> values = {token(), std::string(times, '[') + std::string(times, ']'),
                                               '"' + std::string(times, 'x') + '"'};
    text.replace(begin, end - begin, values[below(values.size())]);
  }
  // Very long names, very deep values; now and then beyond every limit.
  void grow(std::string& text, std::size_t at) {
    const std::size_t times = below(500) == 0 ? std::size_t{1} << 20 : std::size_t{1} << below(12);
    const std::string piece = below(2) == 0 ? std::string(1, static_cast<char>('!' + below(94))) : token();
    std::string run;
    while (run.size() < times) run += piece;
    text.insert(at, run);
  }

  const std::vector<std::string>& corpus_;
  base::Rng random_;
};

const std::string* g_input = nullptr;
const char* g_program = "";

// Not by the book in a handler, but the process is lost anyway.
void keep_input(int signal) {
  const std::string path = std::filesystem::path(g_program).filename().string() + ".case";
  if (g_input != nullptr) std::ofstream(path, std::ios::binary) << *g_input;
  std::fprintf(stderr, "the input is left in %s; run it with --file\n", path.c_str());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

int run(const std::string& folder, std::uint64_t cases, std::uint64_t seed) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) corpus.push_back(read_file(path));
  require(!corpus.empty(), "the corpus has files");
  std::uint64_t taken = 0;
  std::string input;
  g_input = &input;
  for (const std::string& text : corpus) try_input(input = text);
  for (std::uint64_t k = 0; k < cases; ++k) {
    input = Mutator(corpus, base::mix_seed(seed, k)).input();
    if (try_input(input)) ++taken;
  }
  std::printf("%zu files, %llu mutations (seed %llu): %llu taken\n", corpus.size(),
              static_cast<unsigned long long>(cases), static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(taken));
  const double share = static_cast<double>(taken) / static_cast<double>(cases);
  require(share >= kShareMin && share <= 1 - kShareMin, "mutations are taken and refused, some of each");
  return 0;
}

}  // namespace
}  // namespace soak::fuzz

int main(int argc, char** argv) {
  using namespace soak::fuzz;
  g_program = argv[0];
  const std::string first = argc > 1 ? argv[1] : "";
  if (first.empty() || (first == "--file" && argc != 3)) {
    std::fprintf(stderr, "usage: %s CORPUS [CASES [SEED]], or --file FILE\n", argv[0]);
    return 2;
  }
  if (first == "--file") return std::puts(try_input(read_file(argv[2])) ? "taken" : "refused"), 0;
  std::signal(SIGABRT, keep_input);
  std::signal(SIGSEGV, keep_input);
  return run(first, argc > 2 ? std::strtoull(argv[2], nullptr, 10) : kCases,
             argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
}
