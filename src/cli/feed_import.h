#pragma once
// `soak feed import`.

#include <CLI/CLI.hpp>

namespace soak::cli {

void add_feed_import(CLI::App& feed, int& exit_code);

}  // namespace soak::cli
