#include "serve/access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/testing.h"

namespace soak::serve {
namespace {

constexpr char kToken[] = "correct-horse-battery";

http::Request request(const std::string& target, const std::string& headers = "Host: localhost\r\n") {
  return std::get<http::Complete>(http::parse_request("GET " + target + " HTTP/1.1\r\n" + headers + "\r\n"))
      .request;
}

TEST(AccessTest, WithoutATokenTheHostMustBeOurs) {
  const AccessRules rules({"127.0.0.1", 8484}, "");
  for (const char* host :
       {"localhost", "localhost:1", "127.0.0.1:8484", "[::1]:8484", "127.1.2.3", "LOCALHOST", "localhost."})
    EXPECT_EQ(rules.judge(request("/", std::string("Host: ") + host + "\r\n")), Access::kGranted) << host;
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0",
                           "[::2]", "", "[", "10.0.0.1"})
    EXPECT_EQ(rules.judge(request("/", std::string("Host: ") + host + "\r\n")), Access::kWrongHost) << host;
  EXPECT_EQ(rules.judge(request("/", "")), Access::kWrongHost);
}

TEST(AccessTest, TokenByHeader) {
  const AccessRules rules({"0.0.0.0", 8484}, kToken);
  const auto with = [&](const std::string& value) {
    return rules.judge(request("/api/v1/runs", "Authorization: " + value + "\r\n"));
  };
  EXPECT_EQ(with("Bearer correct-horse-battery"), Access::kGranted);
  EXPECT_EQ(with("bearer  correct-horse-battery"), Access::kGranted);
  for (const char* wrong : {"Bearer", "Bearer ", "Bearer correct-horse", "Bearer correct-horse-battery1",
                            "Basic correct-horse-battery", ""})
    EXPECT_EQ(with(wrong), Access::kNoToken) << wrong;
}

TEST(AccessTest, TokenByAddressOnThePageAlone) {
  const AccessRules rules({"0.0.0.0", 8484}, kToken);
  EXPECT_EQ(rules.judge(request("/?token=correct-horse-battery")), Access::kGrantedByAddress);
  EXPECT_EQ(rules.judge(request("/?token=")), Access::kNoToken);
  EXPECT_EQ(rules.judge(request("/api/v1/runs?token=correct-horse-battery")), Access::kNoToken);
}

TEST(AccessTest, CookieIsNotTheToken) {
  const AccessRules rules({"0.0.0.0", 8484}, kToken);
  const std::string cookie = rules.cookie();
  EXPECT_EQ(cookie.find(kToken), std::string::npos);
  EXPECT_TRUE(cookie.starts_with("soak_8484="));
  const std::string pair = cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(rules.judge(request("/", "Cookie: a=1; " + pair + "; b\r\n")), Access::kGranted);
  EXPECT_EQ(rules.judge(request("/", "Cookie: " + pair.substr(0, pair.size() - 1) + "\r\n")),
            Access::kNoToken);
  const AccessRules other({"0.0.0.0", 8484}, "another-token-of-16");
  EXPECT_EQ(other.judge(request("/", "Cookie: " + pair + "\r\n")), Access::kNoToken);
}

TEST(TokenFileTest, IsTheOwnersAloneAndLongEnough) {
  const base::TempFolder folder;
  const std::string file = folder.file("token");
  EXPECT_EQ(read_token(file).error().code, ErrorCode::kNotFound);
  base::write_bytes(file, "correct-horse-battery\r\nsecond line\n");
  ::chmod(file.c_str(), 0640);
  EXPECT_EQ(read_token(file).error().code, ErrorCode::kInvalidValue);
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(*read_token(file), kToken);
  for (const char* wrong : {"", "\n", "123456789012345\n", "has a blank in it 1234\n"}) {
    base::write_bytes(file, wrong);
    EXPECT_EQ(read_token(file).error().code, ErrorCode::kInvalidValue) << wrong;
  }
}

}  // namespace
}  // namespace soak::serve
