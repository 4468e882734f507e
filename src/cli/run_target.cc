#include "cli/run_target.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/supervised_process.h"
#include "cli/stop_signal.h"
#include "journal/write_artifacts.h"
#include "target/external_target.h"
#include "target/simulated_target.h"

namespace soak::cli {
namespace {

using std::chrono::milliseconds;

constexpr double kScrapesPerIteration = 20;
constexpr double kScrapeEveryMinS = 0.1;
constexpr double kScrapeEveryMaxS = 15;
constexpr double kScrapeTimeoutMaxS = 10;

milliseconds milliseconds_of(double seconds) {
  return milliseconds(std::llround(seconds * 1000));
}

// A feed can be large: hashed where it is mapped, not copied.
Result<std::string> hash_of_large_file(const std::string& path) {
  const base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot examine", path));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return base::sha256_hex({});
  void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
  if (bytes == MAP_FAILED) return tl::unexpected(base::error_from_errno(errno, "cannot map", path));
  std::string hash = base::sha256_hex({static_cast<const char*>(bytes), size});
  ::munmap(bytes, size);
  return hash;
}

double scrape_every_s(const RunRequest& request) {
  return request.scrape_every_s.value_or(
      std::clamp(request.iteration_s / kScrapesPerIteration, kScrapeEveryMinS, kScrapeEveryMaxS));
}

Result<void> check_external(const RunRequest& request, const Registry& registry, Json& options) {
  options["command"] = request.command;
  options["reload"] = request.reload_by_sighup ? "sighup" : "watch";
  if (!request.command.empty()) {
    if (auto found = base::find_program(request.command.front()); !found)
      return tl::unexpected(found.error());
  }
  if (request.scrape.empty()) return {};
  if (auto address = target::http_address(request.scrape); !address) return tl::unexpected(address.error());
  if (auto map = target::ScrapeMap::load(request.scrape_map, registry); !map)
    return tl::unexpected(map.error());
  auto file = read_json_with_hash(request.scrape_map);
  if (!file) return tl::unexpected(file.error());
  options["scrape"] = target::shown_address(request.scrape);
  if (const std::size_t query = request.scrape.find('?'); query != std::string::npos)
    options["scrape_query"] = base::sha256_hex(request.scrape.substr(query));
  options["map"] = file->state_hash;
  options["scrape_every_s"] = scrape_every_s(request);
  return {};
}

Result<void> make_external(const RunRequest& request, PreparedRun& run) {
  target::ExternalTargetOptions options;
  options.command = request.command;
  if (!request.scrape.empty()) {
    auto map = target::ScrapeMap::load(request.scrape_map, run.registry);
    if (!map) return tl::unexpected(map.error());
    const double every_s = scrape_every_s(request);
    options.scrape = target::ScrapeOptions{
        request.scrape, std::move(*map), milliseconds_of(every_s),
        milliseconds_of(std::clamp(request.iteration_s / 2, every_s, kScrapeTimeoutMaxS))};
  }
  std::error_code none;  // a folder that cannot be made absolute cannot be made either, which says so
  options.folder = std::filesystem::absolute(run.folder, none).lexically_normal().string();
  options.runtime_path = options.folder + "/" + journal::kRuntimeName;
  options.reload = request.reload_by_sighup ? target::Reload::kSighup : target::Reload::kWatch;
  options.ready = milliseconds_of(request.ready_s);
  options.grace = milliseconds_of(request.grace_s);
  options.iteration_length = run.plan.iteration_length;
  options.stop = request.stop;
  run.target = target::make_external_target(std::move(options));
  return {};
}

Result<void> check_simulated(const RunRequest& request, Json& options) {
  options["mock"] = request.feed.empty();
  options["seed"] = request.seed;
  options["loop_feed"] = request.loop_feed;
  options["feed"] = nullptr;
  if (request.feed.empty()) return {};
  watch_lost_recordings();
  auto hash = hash_of_large_file(request.feed);
  if (!hash) return tl::unexpected(hash.error());
  options["feed"] = *hash;
  return {};
}

}  // namespace

Result<void> check_target(const RunRequest& request, const Registry& registry, Json& options) {
  return request.external() ? check_external(request, registry, options) : check_simulated(request, options);
}

Result<void> make_target(const RunRequest& request, PreparedRun& run) {
  if (request.external()) return make_external(request, run);
  auto made = target::make_simulated_target({.seed = request.seed,
                                             .feed_path = request.feed,
                                             .loop_feed = request.loop_feed,
                                             .iterations = request.iterations,
                                             .iteration_length = run.plan.iteration_length});
  if (!made) return tl::unexpected(made.error());
  run.target = std::move(*made);
  return {};
}

}  // namespace soak::cli
