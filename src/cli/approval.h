#pragma once
// How `soak run --approve` asks for a yes before a change: on the terminal, or through a file. docs/run.md
// says it to users.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "loop/run.h"

namespace soak::cli {

struct ApprovalOptions {
  std::string file;                    // empty: standard input
  std::chrono::milliseconds within{};  // no answer by then is a no
  const volatile std::sig_atomic_t* stop = nullptr;
};

// The question goes to stderr. Answers on standard input are a line each: y or yes, n or no, or nothing,
// which is a no; other words are asked again, and the end of input is a no. In the file, the last line counts
// that speaks of the question: "N yes" or "N no", N the iteration, whenever it was written; or "yes" or "no"
// alone, where the file was written since the question was put: one yes is for one change. Errors: none; a
// file that cannot be read has no answer.
std::function<Result<loop::Answer>(const loop::Question&)> make_approval(ApprovalOptions options);

// "iteration 3: min_interval_ms 100 -> 110; tail_age_ms none -> 400 (the tuner's reason)".
std::string to_line(const loop::Question& question);

// What the text of the file says of iteration N's question, `fresh`: written since it was put.
std::optional<bool> answer_in_file(std::string_view text, std::int64_t iteration, bool fresh);

}  // namespace soak::cli
