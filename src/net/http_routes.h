#pragma once
// What the HTTP side of the port serves besides static files.

#include <functional>
#include <map>
#include <string>

namespace pelorus::net {

struct HttpQuestion {
  std::string method;  // GET, HEAD, POST
  std::string path;    // without the query
  std::string query;
  std::string body;
  std::string authorization;
};
struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};
/// Runs on a pool thread and may block. Thread-safe.
using HttpRoute = std::function<HttpAnswer(const HttpQuestion&)>;
/// By exact path: "/health", "/metrics".
using HttpRoutes = std::map<std::string, HttpRoute, std::less<>>;

}  // namespace pelorus::net
