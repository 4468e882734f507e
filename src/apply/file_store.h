#pragma once
// A runtime in a file, replaced by the protocol of base/atomic_file.h; its version is the SHA-256 of its
// bytes.

#include <string>

#include "apply/store.h"

namespace soak::apply {

class FileStore final : public Store {
 public:
  explicit FileStore(std::string path) : path_(std::move(path)) {}
  Result<Loaded> load() override;
  Result<std::string> replace(const std::string& version, std::string_view bytes,
                              const BeforeCommit& before_commit) override;
  std::string name() const override { return path_; }

 private:
  std::string path_;
  bool cleaned_ = false;  // stale temps are looked for once: the folder of a run grows
};

}  // namespace soak::apply
