#include "serve/service.h"

#include <event2/event.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "serve/access.h"
#include "serve/page.h"

namespace soak::serve {
namespace {

constexpr timeval kHeartbeat{15, 0};
constexpr std::string_view kStreamBegin = "retry: 2000\n\n";
constexpr std::string_view kStreamComment = ":\n\n";

http::Fields security_headers() {
  return {{"Content-Security-Policy", std::string(page_policy())},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Resource-Policy", "same-origin"}};
}

// "gzip" or "*" in Accept-Encoding, unless its weight is 0.
bool takes_gzip(const http::Request& request) {
  const std::string* accepted = request.header("accept-encoding");
  if (accepted == nullptr) return false;
  const std::string list = ascii_lower(*accepted);
  std::size_t place = list.find("gzip");
  if (place == std::string::npos) place = list.find('*');
  if (place == std::string::npos) return false;
  std::string one = list.substr(place, list.find(',', place) - place);
  std::erase(one, ' ');
  return one.find(";q=0") == std::string::npos ||
         one.find_first_of("123456789", one.find(";q=0") + 4) != std::string::npos;
}

http::Reply file_reply(const PageFile& file, const http::Request& request) {
  http::Reply reply;
  reply.content_type = file.content_type;
  reply.headers = {
      {"ETag", std::string(file.etag)}, {"Cache-Control", "no-cache"}, {"Vary", "Accept-Encoding"}};
  const std::string* known = request.header("if-none-match");
  if (known != nullptr && known->find(file.etag) != std::string::npos) {
    reply.status = 304;
    reply.content_type.clear();
  } else if (takes_gzip(request)) {
    reply.headers.emplace_back("Content-Encoding", "gzip");
    reply.body = file.gzip;
  } else {
    auto content = unpacked(file.gzip);
    if (!content) return http::error_reply(500, "broken", content.error().message);
    reply.body = std::move(*content);
  }
  return reply;
}

struct FreeEvent {
  void operator()(event* one) const { event_free(one); }
};

class PageService final : public Service, private http::RequestHandler {
 public:
  explicit PageService(ServiceOptions options) : options_(std::move(options)), rules_({}, "") {}
  ~PageService() override { library_.reset(); }  // no more answers from its threads

  Result<void> start() {
    if (options_.token.empty() && !http::is_loopback(options_.address.host)) {
      return fail(ErrorCode::kInvalidArgument,
                  "an address that others can reach needs a token (--token-file)");
    }
    auto loop = http::EventLoop::create();
    if (!loop) return tl::unexpected(loop.error());
    loop_ = std::move(*loop);
    auto server =
        http::WebServer::create(*loop_, {options_.address, options_.limits, security_headers()}, *this);
    if (!server) return tl::unexpected(server.error());
    server_ = std::move(*server);
    rules_ = AccessRules(server_->address(), options_.token);
    auto library = Library::create(options_.library, [this](StreamEvent event) {
      server_->post([this, event = std::move(event)] { publish(event); });
    });
    if (!library) return tl::unexpected(library.error());
    library_ = std::move(*library);
    heartbeat_.reset(event_new(
        loop_->base(), -1, EV_PERSIST,
        [](evutil_socket_t, short, void* self) { static_cast<PageService*>(self)->beat(); }, this));
    if (!heartbeat_ || event_add(heartbeat_.get(), &kHeartbeat) != 0)
      return fail(ErrorCode::kIoError, "no timer can be had");
    return {};
  }

  const http::ListenAddress& address() const override { return server_->address(); }
  void run() override { loop_->run(); }
  void stop() override { loop_->stop(); }

 private:
  void on_request(http::ExchangeId exchange, const http::Request& request) override {
    switch (rules_.judge(request)) {
      case Access::kGranted:
        return answer(exchange, request);
      case Access::kGrantedByAddress: {
        http::Reply reply;
        reply.status = 302;
        reply.content_type.clear();
        reply.headers = {{"Location", "/"}, {"Set-Cookie", rules_.cookie()}, {"Cache-Control", "no-store"}};
        return server_->reply(exchange, std::move(reply));
      }
      case Access::kWrongHost:
        return server_->reply(exchange,
                              http::error_reply(403, "permission_denied", "this server has another name"));
      case Access::kNoToken: {
        http::Reply reply =
            http::error_reply(401, "permission_denied", "a token is needed, and the right one");
        reply.headers.emplace_back("WWW-Authenticate", "Bearer");
        return server_->reply(exchange, std::move(reply));
      }
    }
  }

  void answer(http::ExchangeId exchange, const http::Request& request) {
    auto parsed = parse_query(request);
    if (auto* wrong = std::get_if<http::Reply>(&parsed)) return server_->reply(exchange, std::move(*wrong));
    if (auto* query = std::get_if<Query>(&parsed)) return answer_query(exchange, std::move(*query), request);
    if (request.path == "/") return server_->reply(exchange, file_reply(page_file(), request));
    server_->reply(exchange, http::error_reply(404, "not_found", "nothing is served at this address"));
  }

  void answer_query(http::ExchangeId exchange, Query query, const http::Request& request) {
    if (query.route == Route::kHealth) {
      http::Reply reply;
      reply.content_type = "text/plain; charset=utf-8";
      reply.headers.emplace_back("Cache-Control", "no-store");
      reply.body = "ok\n";
      return server_->reply(exchange, std::move(reply));
    }
    if (query.route == Route::kOpenApi) return server_->reply(exchange, file_reply(openapi_file(), request));
    const bool is_stream = query.route == Route::kEvents || query.route == Route::kRunEvents;
    const std::string run = query.run;
    library_->ask(std::move(query), [this, exchange, is_stream, run](http::Reply reply) {
      server_->post([this, exchange, is_stream, run, reply = std::move(reply)]() mutable {
        if (!is_stream || reply.status != 200) return server_->reply(exchange, std::move(reply));
        open_stream(exchange, run);
      });
    });
  }

  void open_stream(http::ExchangeId exchange, const std::string& run) {
    if (!server_->open_stream(exchange, kStreamBegin)) return;
    streams_.emplace(exchange, run);
    library_->watch(run, true);
  }

  void on_stream_closed(http::ExchangeId exchange) override {
    const auto found = streams_.find(exchange);
    if (found == streams_.end()) return;
    if (library_) library_->watch(found->second, false);
    streams_.erase(found);
  }

  void publish(const StreamEvent& event) {
    send([&event](const std::string& run) { return run == event.run; }, event.text);
  }
  void beat() {
    send([](const std::string&) { return true; }, kStreamComment);
  }
  // A stream whose reader is too slow goes while the others are sent to.
  template <class Choose>
  void send(Choose choose, std::string_view text) {
    std::vector<http::ExchangeId> chosen;
    for (const auto& [exchange, run] : streams_) {
      if (choose(run)) chosen.push_back(exchange);
    }
    for (const http::ExchangeId exchange : chosen) server_->send(exchange, text);
  }

  ServiceOptions options_;
  AccessRules rules_;
  std::map<http::ExchangeId, std::string> streams_;  // and the run that each is on
  std::unique_ptr<http::EventLoop> loop_;
  std::unique_ptr<http::WebServer> server_;
  std::unique_ptr<event, FreeEvent> heartbeat_;
  std::unique_ptr<Library> library_;
};

}  // namespace

Result<std::unique_ptr<Service>> Service::create(ServiceOptions options) {
  auto service = std::make_unique<PageService>(std::move(options));
  if (auto started = service->start(); !started) return tl::unexpected(started.error());
  return service;
}

}  // namespace soak::serve
