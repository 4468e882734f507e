#pragma once
// What `soak feed` says of a feed, as JSON and as text.

#include <soak/json.h>
#include <string>

#include "sim/feed.h"
#include "sim/feed_summary.h"

namespace soak::cli {

Json feed_json(const sim::Feed& feed, const sim::FeedSummary& summary);
std::string feed_text(const sim::Feed& feed, const sim::FeedSummary& summary);

}  // namespace soak::cli
