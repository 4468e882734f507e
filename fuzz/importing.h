#pragma once
// What holds of every importer: a feed that a reader takes, or an error and no file.

#include <soak/result.h>
#include <string>

#include "fuzz/feed_checks.h"
#include "fuzz/place.h"
#include "fuzz/properties.h"

namespace soak::fuzz {

// Where an importer writes; nothing is there.
inline std::string fresh_out() {
  std::string out = place() + "/out.feed";
  std::remove(out.c_str());
  return out;
}

template <class Import>
bool require_whole_or_nothing(const Result<Import>& imported, const std::string& out) {
  if (imported) {
    require_good_feed(out);
    return true;
  }
  require_refusal(imported.error(),
                  {ErrorCode::kInvalidValue, ErrorCode::kInvalidJson, ErrorCode::kCorrupt,
                   ErrorCode::kUnsupported, ErrorCode::kLimitExceeded, ErrorCode::kNotFound});
  require(!file_of(out), "a refused recording leaves no feed behind");
  return false;
}

}  // namespace soak::fuzz
