// sim::Feed: a .feed file's bytes, as they are and with their checksums made right.

#include <string>

#include "fuzz/feed_checks.h"
#include "fuzz/feed_seal.h"
#include "fuzz/place.h"
#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

bool take(const std::string& bytes) {
  const std::string path = put_file("x.feed", bytes);
  const auto feed = sim::Feed::open(path);
  if (!feed) {
    require_refusal(feed.error(), {ErrorCode::kCorrupt, ErrorCode::kUnsupported});
    require(feed.error().file == path, "a refusal names the file");
    return false;
  }
  require(bytes.size() == feed->header().file_bytes, "a feed is as long as its header says");
  require_usable(*feed);
  return true;
}

}  // namespace

bool try_input(std::string_view bytes) {
  std::string sealed(bytes);
  const bool taken = take(sealed);
  seal_feed(sealed);
  return take(sealed) || taken;
}

}  // namespace soak::fuzz
