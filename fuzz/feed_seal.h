#pragma once
// A .feed file's checksums, made right for whatever the bytes hold now, so that what lies behind them is an
// input too.

#include <string>

namespace soak::fuzz {

// Also the sizes that the header tells. Bytes that are too few for a header stay as they are.
void seal_feed(std::string& bytes);

}  // namespace soak::fuzz
