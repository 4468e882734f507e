// cli::answer_in_file(): the file in which somebody says yes or no to a change.

#include <string>

#include "cli/approval.h"
#include "fuzz/properties.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  const auto fresh = cli::answer_in_file(bytes, 3, true), stale = cli::answer_in_file(bytes, 3, false);
  // An answer that was there before the question counts only where it names the iteration.
  require(!stale || fresh, "what answers without being new answers where it is new");
  require(!stale || bytes.find('3') != std::string_view::npos, "an old answer names its iteration");
  const auto again = cli::answer_in_file(std::string(bytes) + "\n3 no\n", 3, false);
  require(again && !*again, "the last answer counts");
  return fresh.has_value();
}

}  // namespace soak::fuzz
