#pragma once
// What holds of any .feed file that was taken, and of any that an importer wrote.

#include <string>

#include "sim/feed.h"

namespace soak::fuzz {

// Walks it, cuts it into windows, and replays it where its span allows that.
void require_usable(const sim::Feed& feed);
// The file is there, and a reader that checks everything takes it.
void require_good_feed(const std::string& path);

}  // namespace soak::fuzz
