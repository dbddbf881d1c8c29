#include "net/http_connection.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <sstream>

namespace pelorus::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::flat_buffer;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

tcp::socket& socket_of(tcp::socket& socket) { return socket; }
tcp::socket& socket_of(TlsStream& stream) { return stream.next_layer(); }

std::string text_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

Response answer_of(const Request& request, http::status status) {
  Response response(status, request.version());
  response.set(http::field::server, "Pelorus");
  response.set(http::field::x_frame_options, "SAMEORIGIN");
  response.set("X-Content-Type-Options", "nosniff");
  response.set(http::field::access_control_allow_origin, "*");
  response.keep_alive(request.keep_alive());
  return response;
}

Response plain_answer(const Request& request, http::status status, std::string text) {
  auto response = answer_of(request, status);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.body() = std::move(text);
  return response;
}

Response options_answer(const Request& request) {
  auto response = answer_of(request, http::status::no_content);
  response.set(http::field::access_control_allow_methods, "GET, HEAD, POST, OPTIONS");
  response.set(http::field::access_control_allow_headers, "*");
  response.set(http::field::access_control_max_age, "86400");
  return response;
}

Response file_answer(const Request& request, StaticFile file) {
  const bool unchanged = text_of(request[http::field::if_none_match]) == file.etag;
  auto response = answer_of(request, unchanged ? http::status::not_modified : http::status::ok);
  response.set(http::field::etag, file.etag);
  response.set(http::field::cache_control, file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.set(http::field::vary, "Accept-Encoding");
  if (unchanged) return response;
  response.set(http::field::content_type, std::string(file.content_type));
  if (file.gzip) response.set(http::field::content_encoding, "gzip");
  response.body() = std::move(file.body);
  return response;
}

Response route_answer(const Request& request, const HttpRoute& route, const HttpQuestion& question) {
  auto answer = route(question);
  auto response = answer_of(request, http::int_to_status(static_cast<unsigned>(answer.status)));
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.body() = std::move(answer.body);
  return response;
}

/// On a pool thread.
Response respond(const Request& request, const HttpSurroundings& with) {
  if (request.method() == http::verb::options) return options_answer(request);
  HttpQuestion question;
  question.method = text_of(request.method_string());
  const auto target = text_of(request.target());
  const size_t query_at = target.find('?');
  question.path = target.substr(0, query_at);
  if (query_at != std::string::npos) question.query = target.substr(query_at + 1);
  if (const auto found = with.routes.find(question.path); found != with.routes.end()) {
    question.body = request.body();
    question.authorization = text_of(request[http::field::authorization]);
    return route_answer(request, found->second, question);
  }
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    auto response = plain_answer(request, http::status::method_not_allowed,
                                 "Only GET and HEAD are served here; scripts run over WebSocket.\n");
    response.set(http::field::allow, "GET, HEAD, OPTIONS");
    return response;
  }
  const bool gzip = text_of(request[http::field::accept_encoding]).find("gzip") != std::string::npos;
  if (auto file = with.files.find(question.path, gzip)) return file_answer(request, std::move(*file));
  return plain_answer(request, http::status::not_found, "Not found: " + question.path + "\n");
}

/// HEAD: the same head, no body.
void write_whole(Response& response, bool head_only) {
  response.content_length(response.body().size());
  if (head_only) response.body().clear();
}

http::status status_of(const boost::system::error_code& error) {
  if (error == http::error::body_limit) return http::status::payload_too_large;
  if (error == http::error::header_limit) return http::status::request_header_fields_too_large;
  return http::status::bad_request;
}

std::string head_of(const Request& request) {
  std::ostringstream out;
  out << request.base();
  return out.str();
}

template <class Stream>
Awaitable<std::unique_ptr<WebSocketUpgrade<Stream>>> serve(Stream stream, std::string already_read,
                                                           HttpSurroundings with) {
  const Executor strand = co_await asio::this_coro::executor;
  Deadline deadline(strand, [&stream] {
    boost::system::error_code ignored;
    socket_of(stream).close(ignored);
  });
  flat_buffer buffer;
  const auto room = buffer.prepare(already_read.size());
  std::memcpy(room.data(), already_read.data(), already_read.size());
  buffer.commit(already_read.size());
  bool again = true;
  while (again) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<uint32_t>(with.limits.header_bytes_max));
    parser.body_limit(with.limits.body_bytes_max);
    deadline.set(with.limits.request);
    const auto [error, count] = co_await http::async_read(stream, buffer, parser, kAwait);
    deadline.clear();
    const bool malformed = error && error.category() == make_error_code(http::error::bad_method).category() &&
                           error != http::error::end_of_stream && error != http::error::partial_message;
    if (error && !malformed) break;
    if (!malformed && boost::beast::websocket::is_upgrade(parser.get())) {
      auto upgrade = std::make_unique<WebSocketUpgrade<Stream>>(WebSocketUpgrade<Stream>{std::move(stream), {}, {}});
      upgrade->request = head_of(parser.get());
      const auto rest = buffer.data();
      upgrade->already_read.assign(static_cast<const char*>(rest.data()), rest.size());
      co_return upgrade;
    }
    const auto response = std::make_shared<Response>();
    const auto request = std::make_shared<Request>(parser.release());
    if (malformed) {
      request->keep_alive(false);
      *response = plain_answer(*request, status_of(error), "The request cannot be read: " + error.message() + "\n");
    } else {
      std::function<void()> work = [request, response, with] { *response = respond(*request, with); };
      const bool ran = co_await run_on(with.pool, std::move(work));
      if (!ran) *response = plain_answer(*request, http::status::service_unavailable, "Too many requests wait.\n");
    }
    again = response->keep_alive() && !malformed;
    response->keep_alive(again);
    const bool bodiless =
        response->result() == http::status::not_modified || response->result() == http::status::no_content;
    if (!bodiless) write_whole(*response, request->method() == http::verb::head);
    http::response_serializer<http::string_body> serializer(*response);
    deadline.set(with.limits.response);
    const auto [write_error, written] = co_await http::async_write(stream, serializer, kAwait);
    deadline.clear();
    if (write_error) break;
  }
  boost::system::error_code ignored;
  socket_of(stream).shutdown(tcp::socket::shutdown_send, ignored);
  co_return nullptr;
}

}  // namespace

Awaitable<std::unique_ptr<WebSocketUpgrade<tcp::socket>>> serve_http(tcp::socket stream, std::string already_read,
                                                                     HttpSurroundings with) {
  return serve<tcp::socket>(std::move(stream), std::move(already_read), with);
}
Awaitable<std::unique_ptr<WebSocketUpgrade<TlsStream>>> serve_http(TlsStream stream, std::string already_read,
                                                                   HttpSurroundings with) {
  return serve<TlsStream>(std::move(stream), std::move(already_read), with);
}

}  // namespace pelorus::net
