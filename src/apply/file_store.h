#pragma once
// A runtime in a file, replaced by the protocol of base/atomic_file.h; its version is the SHA-256 of its
// bytes.

#include <string>

#include "apply/store.h"
#include "base/atomic_file.h"

namespace soak::apply {

enum class Links {
  kFollow,
  kRefuse,  // kNotAFile where the path is a symbolic link: what it leads to is somebody else's
};

class FileStore final : public Store {
 public:
  explicit FileStore(std::string path, Links links = Links::kFollow)
      : path_(std::move(path)), links_(links) {}
  Result<Loaded> load() override;
  Result<std::string> replace(const std::string& version, std::string_view bytes,
                              const BeforeCommit& before_commit) override;
  Result<void> make_durable() override { return base::make_durable(path_); }
  std::string name() const override { return path_; }

 private:
  std::string path_;
  Links links_;
  bool cleaned_ = false;  // stale temps are looked for once: the folder of a run grows
};

}  // namespace soak::apply
