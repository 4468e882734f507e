// One tracked apply against the least that a durable replacement costs (write, fsync, rename, fsync of the
// folder), the two in turn on the same folder. apply_and_floor FOLDER ROUNDS prints {"apply_us": {"p50": ...,
// "p99": ...}, "floor_us": the same, "bytes": ...}.

#include <fcntl.h>
#include <soak/apply.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

double microseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

// The value that `share` of all lie below.
double quantile(std::vector<double>& values, double share) {
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size()));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

void print(const char* name, std::vector<double>& values) {
  std::printf("\"%s\": {\"p50\": %.1f, \"p99\": %.1f}, ", name, quantile(values, 0.5),
              quantile(values, 0.99));
}

bool replace_barely(int folder, const std::string& bytes) {
  const int file = openat(folder, "floor.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool written =
      write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && fsync(file) == 0;
  close(file);
  return written && renameat(folder, "floor.tmp", folder, "floor.json") == 0 && fsync(folder) == 0;
}

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "apply_and_floor: %s\n", what);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) give_up("no such folder");
  const std::string runtime = std::string(argv[1]) + "/runtime_overrides.json";
  // A foreign key brings the file to 600 bytes, the size that the floor is quoted for.
  soak::Json start = {{"risk", {{"impact_cap_ratio", 0.1}}}, {"note", ""}};
  start["note"] = std::string(600 - start.dump().size(), 'x');
  if (!soak::atomic_write_json(runtime, start)) give_up("cannot write the runtime file");
  const std::string bytes(600, 'x');
  std::vector<double> apply_us, floor_us;
  for (int round = 0; round < std::atoi(argv[2]); ++round) {
    auto begin = std::chrono::steady_clock::now();
    if (!replace_barely(folder, bytes)) give_up("the floor failed");
    floor_us.push_back(microseconds_since(begin));
    begin = std::chrono::steady_clock::now();
    const auto result =
        soak::apply_deltas_with_tracking(runtime, {{"impact_cap_ratio", round % 2 == 0 ? 0.2 : 0.1}});
    apply_us.push_back(microseconds_since(begin));
    if (!result || !result->applied) give_up("an apply was not applied");
  }
  if (apply_us.empty()) return 2;
  std::printf("{");
  print("apply_us", apply_us);
  print("floor_us", floor_us);
  std::printf("\"bytes\": %zu}\n", bytes.size());
}
