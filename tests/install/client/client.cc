// A project outside this one: applies a change through the installed library and reads it back.

#include <soak/apply.h>
#include <soak/json.h>
#include <soak/params.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto result = soak::apply_deltas_with_tracking(argv[1], {{"min_interval_ms", 60}});
  if (!result) {
    std::fprintf(stderr, "%s\n", soak::to_line(result.error()).c_str());
    return 1;
  }
  const auto file = soak::read_json_with_hash(argv[1]);
  if (!file || !result->applied || file->state_hash != result->state_hash) return 1;
  return soak::get_from_runtime(file->value, "min_interval_ms") == soak::Json(60) ? 0 : 1;
}
