#pragma once
// The server: requests to the library, answers and events back. docs/serve.md says what it promises.

#include <soak/result.h>
#include <memory>
#include <string>

#include "http/server.h"
#include "serve/library.h"

namespace soak::serve {

struct ServiceOptions {
  http::ListenAddress address;
  http::ServerLimits limits;
  std::string token;  // empty: none is needed, which is for loopback alone
  LibraryOptions library;
};

class Service {
 public:
  // Listens. Errors: those of http::WebServer::create() and Library::create(); kInvalidArgument: an address
  // that is not loopback without a token.
  static Result<std::unique_ptr<Service>> create(ServiceOptions options);
  virtual ~Service() = default;

  virtual const http::ListenAddress& address() const = 0;
  // Serves until stop(), in the calling thread.
  virtual void run() = 0;
  // For ever. From any thread; not from a signal handler.
  virtual void stop() = 0;
};

}  // namespace soak::serve
