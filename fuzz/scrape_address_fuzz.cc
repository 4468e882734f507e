// target::http_address(): where to scrape, from the command line.

#include <string>

#include "fuzz/properties.h"
#include "target/scrape.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  const auto address = target::http_address(std::string(bytes));
  if (!address) {
    require_refusal(address.error(), {ErrorCode::kInvalidArgument, ErrorCode::kUnsupported});
    return false;
  }
  require(!address->host.empty() && address->port > 0 && address->path.starts_with('/'),
          "an address has a host, a port and a path");
  for (const std::string* part : {&address->host, &address->path})
    require(part->find_first_of(" \t\r\n") == std::string::npos && Json(*part).dump().size() > 2,
            "nothing in an address ends a line of a request");
  return true;
}

}  // namespace soak::fuzz
