#include "http/request.h"

#include <gtest/gtest.h>

namespace soak::http {
namespace {

std::variant<Incomplete, Complete, Refusal> parse(const std::string& line, const std::string& headers = "") {
  return parse_request(line + "\r\nHost: localhost\r\n" + headers + "\r\n");
}
int status(const std::string& line, const std::string& headers = "") {
  const auto parsed = parse(line, headers);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? 200 : refusal->status;
}
Request request(const std::string& line, const std::string& headers = "") {
  return std::get<Complete>(parse(line, headers)).request;
}

TEST(RequestTest, PathQueryAndHeadersAreTakenApart) {
  const Request got = request("GET /a%20b/c?x=1+2&y=%C3%A9&z HTTP/1.1", "X-Thing:  some value \r\n");
  EXPECT_FALSE(got.head);
  EXPECT_TRUE(got.keep_alive);
  EXPECT_EQ(got.path, "/a b/c");
  EXPECT_EQ(got.query, (Fields{{"x", "1 2"}, {"y", "é"}, {"z", ""}}));
  EXPECT_EQ(*got.header("x-thing"), "some value");
  EXPECT_EQ(got.header("x-other"), nullptr);
  EXPECT_TRUE(request("HEAD / HTTP/1.1").head);
}

TEST(RequestTest, ConnectionStaysAsLongAsBothSay) {
  EXPECT_FALSE(request("GET / HTTP/1.1", "Connection: Close\r\n").keep_alive);
  EXPECT_FALSE(request("GET / HTTP/1.0").keep_alive);
}

TEST(RequestTest, BytesBehindTheHeadAreTheNextRequest) {
  const std::string one = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto parsed = parse_request(one + "GET /b");
  EXPECT_EQ(std::get<Complete>(parsed).bytes, one.size());
  for (std::size_t k = 0; k < one.size(); ++k)
    EXPECT_TRUE(std::holds_alternative<Incomplete>(parse_request(one.substr(0, k)))) << k;
}

TEST(RequestTest, TraversalIsRefusedHoweverItIsWritten) {
  for (const char* path :
       {"/../etc/passwd", "/a/../../b", "/..", "/.", "/%2e%2e/etc", "/%2E%2e%2fetc", "/a%2fb", "/a%2Fb",
        "/a%5cb", "/a%00b", "/%00", "/a%0ab", "/%ff", "/%c0%ae%c0%ae/", "/%", "/%2", "/%zz"})
    EXPECT_EQ(status(std::string("GET ") + path + " HTTP/1.1"), 400) << path;
  EXPECT_EQ(status("GET /...x/..y HTTP/1.1"), 200);
}

TEST(RequestTest, OnlyGetAndHead) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"})
    EXPECT_EQ(status(std::string(method) + " / HTTP/1.1"), 405) << method;
}

TEST(RequestTest, RequestLineThatIsNoneIsRefused) {
  for (const char* line :
       {"GET", "GET /", "GET / HTTP/1.1 x", " GET / HTTP/1.1", "GET  / HTTP/1.1", "G(T / HTTP/1.1",
        "GET http://localhost/ HTTP/1.1", "GET a HTTP/1.1", "GET / http/1.1", "GET /#a HTTP/1.1"})
    EXPECT_EQ(status(line), 400) << line;
  EXPECT_EQ(status("GET / HTTP/2.0"), 505);
  EXPECT_EQ(status("GET / HTTP/0.9"), 505);
}

TEST(RequestTest, QueryThatCannotBeDecodedIsRefused) {
  for (const char* query : {"a=%", "a=%0d%0a", "a=%00", "%ff=1", "a=%ed%a0%80"})
    EXPECT_EQ(status(std::string("GET /?") + query + " HTTP/1.1"), 400) << query;
  std::string many = "GET /?";
  for (int k = 0; k < 33; ++k) many += "a=1&";
  EXPECT_EQ(status(many + " HTTP/1.1"), 400);
}

TEST(RequestTest, BodiesAreRefused) {
  EXPECT_EQ(status("GET / HTTP/1.1", "Content-Length: 1\r\n"), 413);
  EXPECT_EQ(status("GET / HTTP/1.1", "Content-Length: 0\r\n"), 200);
  EXPECT_EQ(status("GET / HTTP/1.1", "Content-Length: 00\r\n"), 413);
  EXPECT_EQ(status("GET / HTTP/1.1", "Transfer-Encoding: chunked\r\n"), 413);
}

TEST(RequestTest, HeadersThatTwoReadersCouldTakeDifferentlyAreRefused) {
  for (const char* header : {"Host: b\r\n", "X : 1\r\n", "X\r\n", " folded: 1\r\n", "X: a\rb\r\n",
                             "X: a\nY: b\r\n", ": 1\r\n", "X: \x01\r\n"})
    EXPECT_EQ(status("GET / HTTP/1.1", header), 400) << header;
  EXPECT_EQ(std::get<Refusal>(parse_request(std::string("GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", 26))).status,
            400);
}

TEST(RequestTest, LengthsAreLimited) {
  EXPECT_EQ(status("GET /" + std::string(2048, 'a') + " HTTP/1.1"), 414);
  EXPECT_EQ(status("GET / HTTP/1.1", "X: " + std::string(9000, 'a') + "\r\n"), 431);
  std::string many;
  for (int k = 0; k < 64; ++k) many += "X: 1\r\n";
  EXPECT_EQ(status("GET / HTTP/1.1", many), 431);
  EXPECT_EQ(std::get<Refusal>(parse_request(std::string(8193, 'a'))).status, 431);
  EXPECT_TRUE(std::holds_alternative<Incomplete>(parse_request(std::string(8192, 'a'))));
}

TEST(RequestTest, Utf8IsJudgedToTheByte) {
  for (const char* good : {"", "a", "é", "€", "😀"}) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf8\x88\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace soak::http
