#pragma once
// The delivery faults of a whole run: those that it recorded, and those that its journal's reports show when
// they are read again, without trusting what the loop concluded. Not for other rooms.

#include <soak/params.h>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "journal/artifacts.h"
#include "journal/records.h"

namespace soak::verify {

struct Rederived {
  std::map<std::int64_t, std::vector<journal::SeenReport>>
      reports;  // only new ones: a report seen twice is no second witness
  std::map<std::int64_t, std::vector<journal::Fault>> faults;  // each once

  std::span<const journal::SeenReport> reports_of(std::int64_t iteration) const;
  std::span<const journal::Fault> faults_of(std::int64_t iteration) const;
};

Rederived rederive(const journal::RunArtifacts& run, const Registry& registry);

}  // namespace soak::verify
