#pragma once
// A large file written as a stream: it appears under its name whole and durable, by a rename, or not at all.
// What was there before is replaced. Small files that several writers share go through atomic_file.h. Not
// thread safe.

#include <soak/result.h>
#include <string>

#include "base/descriptor.h"

namespace soak::base {

class StagedFile {
 public:
  // A file in the folder of `path`, 0600, without a name until it is whole, so that even a kill leaves
  // nothing behind; where the file system cannot do that, under a temp name. kNotAFile where something other
  // than a plain file has the name.
  static Result<StagedFile> create(const std::string& path);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  // What was not committed is gone.
  ~StagedFile();

  int descriptor() const { return descriptor_.get(); }
  // kUnknownOutcome: renamed into place, and perhaps not durable.
  Result<void> commit();

 private:
  StagedFile(std::string path, Descriptor descriptor);
  std::string own_link() const;

  std::string path_;
  std::string temp_;  // empty while the file has no name of its own
  Descriptor descriptor_;
};

}  // namespace soak::base
