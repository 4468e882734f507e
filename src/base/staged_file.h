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
  // A temp file beside `path`, 0600. kNotAFile where something other than a plain file has the name.
  static Result<StagedFile> create(const std::string& path);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  // Removes what was not committed.
  ~StagedFile();

  int descriptor() const { return descriptor_.get(); }
  // kUnknownOutcome: renamed into place, and perhaps not durable.
  Result<void> commit();

 private:
  StagedFile(std::string path, std::string temp, Descriptor descriptor);

  std::string path_;
  std::string temp_;  // empty once it is renamed
  Descriptor descriptor_;
};

}  // namespace soak::base
