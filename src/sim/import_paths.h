#pragma once
// What every importer asks about its files before it begins.

#include <soak/result.h>
#include <string>
#include <vector>

namespace soak::sim {

// kInvalidArgument where `out` is one of the recordings: writing over one would destroy the only copy of it.
Result<void> refuse_own_input(const std::vector<std::string>& paths, const std::string& out);

}  // namespace soak::sim
