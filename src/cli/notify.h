#pragma once
// A message to a chat room, posted by curl: retried, within a time limit, and never with the address, which
// is a secret, on a command line or in an error.

#include <soak/result.h>
#include <chrono>
#include <string>

namespace soak::cli {

struct Notification {
  std::string url_file;  // its first line is the address
  std::string body;      // JSON
  int retries = 3;
  std::chrono::milliseconds limit{30'000};  // for all of it
};

// kNotFound: no such file, or no curl. kInvalidValue: the file holds no http or https address. kIoError: the
// service could not be reached, or did not take it.
Result<void> notify(const Notification& notification);

}  // namespace soak::cli
