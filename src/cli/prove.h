#pragma once
// The end of `soak prove`, apart, since no option makes it fail: a matrix that misses a fault comes from the
// tests.

#include "prove/prove.h"

namespace soak::cli {

// Prints the result; the exit code: 0 passed, 1 not (or it could not be printed), 130 stopped.
int tell_proof(const prove::ProveResult& result, bool json);

}  // namespace soak::cli
