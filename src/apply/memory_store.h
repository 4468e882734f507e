#pragma once
// For tests: a runtime in memory, with the failures that a store can have.

#include <functional>
#include <optional>
#include <string>

#include "apply/store.h"
#include "base/sha256.h"

namespace soak::apply {

class MemoryStore final : public Store {
 public:
  MemoryStore() = default;
  explicit MemoryStore(std::string bytes) : bytes_(std::move(bytes)), exists_(true) {}

  Result<Loaded> load() override {
    ++loads;
    if (!load_fails.empty()) return fail(ErrorCode::kIoError, load_fails, name());
    return Loaded{exists_ ? bytes_ : "", version(), exists_};
  }

  Result<std::string> replace(const std::string& expected, std::string_view bytes,
                              const BeforeCommit& before_commit) override {
    ++replaces;
    if (before_replace) before_replace(*this);
    if (expected != version()) return fail(ErrorCode::kConflict, "is not the expected version", name());
    if (before_commit) {
      if (auto allowed = before_commit(); !allowed) return tl::unexpected(allowed.error());
    }
    if (replace_fails) return fail(*replace_fails, "told to fail", name());
    put(std::string(bytes));
    return version();
  }

  Result<void> make_durable() override {
    ++made_durable;
    if (durable_fails) return fail(*durable_fails, "told to fail", name());
    return {};
  }

  std::string name() const override { return "memory"; }

  void put(std::string bytes) {
    bytes_ = std::move(bytes);
    exists_ = true;
  }
  const std::string& bytes() const { return bytes_; }
  bool exists() const { return exists_; }

  int loads = 0;
  int replaces = 0;
  int made_durable = 0;
  std::string load_fails;                            // not empty: load() fails so
  std::optional<ErrorCode> replace_fails;            // replace() fails so, after the hook
  std::optional<ErrorCode> durable_fails;            // make_durable() fails so
  std::function<void(MemoryStore&)> before_replace;  // another writer, between load() and replace()

 private:
  std::string version() const { return exists_ ? base::sha256_hex(bytes_) : "absent"; }

  std::string bytes_;
  bool exists_ = false;
};

}  // namespace soak::apply
