#pragma once
// The cases: one JSON object a line, in the files beside this one.

#include <gtest/gtest.h>
#include <soak/json.h>

#include <fstream>
#include <string>
#include <vector>

namespace soak::conformance {

inline std::vector<Json> read_cases(const std::string& name) {
  const std::string path = std::string(SOAK_CONFORMANCE_DIR) + "/" + name;
  std::vector<Json> cases;
  std::ifstream in(path);
  EXPECT_TRUE(in.is_open()) << path;
  for (std::string line; std::getline(in, line);) {
    auto value = parse_json(line, path);
    EXPECT_TRUE(value) << "line " << cases.size() + 1;
    if (value) cases.push_back(std::move(*value));
  }
  return cases;
}

}  // namespace soak::conformance
