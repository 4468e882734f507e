#pragma once
// What the simulated market maker does with a runtime file: a known parameter inside the registry's bounds,
// or its own default where the file says nothing that it can use. Pure and thread safe.

#include <soak/params.h>

#include "sim/maker_params.h"
#include "sim/market_event.h"

namespace soak::target {

struct MakerOverrides {
  sim::MakerParams params;
  ParamValues effective;  // what a report gives as in effect: every parameter that the market maker uses
};

// The tick is the instrument's, whatever the runtime says.
MakerOverrides maker_overrides(const Json& runtime, const sim::Instrument& instrument);

}  // namespace soak::target
