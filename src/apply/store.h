#pragma once
// Where a runtime lives. The pipeline needs three things of it: the bytes with their version, a replacement
// that succeeds only where that version is still in place, and that what is there lasts. A file is the first
// store; one with compare-and-swap on several machines fits behind the same calls. A store is used from one
// thread at a time; several processes may use the same place.

#include <soak/result.h>
#include <functional>
#include <string>
#include <string_view>

namespace soak::apply {

struct Loaded {
  std::string bytes;    // empty where nothing exists
  std::string version;  // opaque, equal only for equal states; "absent" where nothing exists, which is not
                        // the version of "{}"
  bool exists = false;
};

class Store {
 public:
  virtual ~Store() = default;

  // What is in place now. kNotFound where there is no place for the runtime either (its folder is missing);
  // absence alone is no error.
  virtual Result<Loaded> load() = 0;

  // Called just before the new bytes are put in place, and possibly again after a lost race. An error from it
  // stops the replacement.
  using BeforeCommit = std::function<Result<void>()>;

  // Exactly one of three outcomes:
  //   APPLIED      a version: the new bytes are proven to be in place, and durable;
  //   NOT APPLIED  any error but kUnknownOutcome: what was in place still is. kConflict: it is not `version`;
  //   UNKNOWN      kUnknownOutcome: the new bytes may or may not be in place, or durable; load() again before
  //   anything else.
  virtual Result<std::string> replace(const std::string& version, std::string_view bytes,
                                      const BeforeCommit& before_commit) = 0;

  // What is in place is durable: whoever put it there may not have seen to that. Nothing is changed.
  // kUnknownOutcome where it may not last.
  virtual Result<void> make_durable() = 0;

  // How errors name the place.
  virtual std::string name() const = 0;
};

}  // namespace soak::apply
