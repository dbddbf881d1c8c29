#include "server/scripts/stream_feeds.h"

#include <atomic>

#include "client/connection.h"

namespace pelorus::server {
namespace {

using data::Value;
using stream::Feed;
using stream::PublisherSite;

constexpr int kHopsMax = 10;  // from one member of a stream group to its leader

Error no_record(const PublisherSite& site) {
  return {ErrorCode::kCorrupt, site.name + " sent what is no record of a stream"};
}

class ConnectionFeed final : public Feed {
 public:
  /// The first record has come.
  ConnectionFeed(PublisherSite site, std::shared_ptr<std::atomic<bool>> closed,
                 std::unique_ptr<client::Connection> connection)
      : site_(std::move(site)), closed_(std::move(closed)), connection_(std::move(connection)) {}

  Status begin(std::string topic, std::string filter_column, std::vector<PublisherSite> sites) {
    topic_ = std::move(topic);
    filter_column_ = std::move(filter_column);
    sites_ = std::move(sites);
    TRY(const auto record, connection_->receive_record());
    if (!record.object.is_plain_table()) return no_record(site_);
    schema_ = record.object.table().schema();
    first_row_ = record.last_row + 1;
    return {};
  }

  Result<Batch> next() override {
    TRY(auto record, connection_->receive_record());
    Batch batch{.rows = data::Table(schema_), .last_row = record.last_row, .sent_ns = record.sent_ns};
    const bool is_tuple = record.object.is_tuple();
    const auto columns = is_tuple ? record.object.vector().values_any() : std::span<const Value>();
    if (columns.size() != schema_.size()) return no_record(site_);
    std::vector<data::Shared<data::Vector>> taken;
    std::vector<std::string> names;
    for (size_t c = 0; c < columns.size(); ++c) {
      if (!columns[c].is_vector() || columns[c].vector().size() != columns[0].vector().size()) return no_record(site_);
      taken.emplace_back(columns[c].vector());
      names.push_back(schema_[c].name);
    }
    TRY_DONE(batch.rows.append(data::Table(std::move(names), std::move(taken))));
    return batch;
  }
  void close() override { *closed_ = true; }

  const std::string& topic() const override { return topic_; }
  const data::Schema& schema() const override { return schema_; }
  int64_t first_row() const override { return first_row_; }
  const std::string& filter_column() const override { return filter_column_; }
  const std::vector<PublisherSite>& sites() const override { return sites_; }

 private:
  const PublisherSite site_;
  const std::shared_ptr<std::atomic<bool>> closed_;
  const std::unique_ptr<client::Connection> connection_;
  std::string topic_, filter_column_;
  std::vector<PublisherSite> sites_;
  data::Schema schema_;
  int64_t first_row_ = 0;
};

/// The same publisher at another address, "host:port:alias".
Result<PublisherSite> moved(PublisherSite site, const std::string& address) {
  TRY(const auto to, client::parse_endpoint(address));
  site.host = to.host;
  site.port = to.port;
  const size_t alias_at = to.text().size() + 1;
  site.name = address.size() > alias_at ? address.substr(alias_at) : to.text();
  return site;
}

/// Asks for the value of a call that has one.
Result<Value> ask(client::Connection& connection, std::string_view function, const std::vector<Value>& arguments) {
  TRY(auto answer, connection.call(function, arguments));
  if (!answer) return Error{ErrorCode::kCorrupt, std::string(function) + " gave no value"};
  return *std::move(answer);
}

class FeedOpener {
 public:
  FeedOpener(config::Site self, TicketAt ticket_at) : self_(std::move(self)), ticket_at_(std::move(ticket_at)) {}

  Result<std::unique_ptr<Feed>> open(const stream::FeedTerms& terms, const std::function<bool()>& cancelled) const {
    PublisherSite site = terms.site;
    for (int hop = 0; hop < kHopsMax; ++hop) {
      auto feed = open_at(site, terms, cancelled);
      if (feed.ok()) return feed;
      const auto& error = feed.error();
      if (error.code != ErrorCode::kNotLeader) return Error{error.code, site.name + ": " + error.message};
      TRY(site, moved(site, error.message));
    }
    return Error{ErrorCode::kUnavailable, "the leader of the table's group was not found"};
  }

 private:
  Result<std::unique_ptr<client::Connection>> connect(const PublisherSite& site,
                                                      const std::shared_ptr<std::atomic<bool>>& closed,
                                                      const std::function<bool()>& cancelled) const {
    client::ConnectionOptions options;
    if (!site.is_member) {
      options.user = site.user;
      options.password = site.password;
    }
    options.flags = wire::kReverseStreaming;
    options.socket.tls = site.tls;
    options.socket.cancelled = [closed, cancelled] { return *closed || cancelled(); };
    TRY(auto connection, client::Connection::open({.host = site.host, .port = site.port}, std::move(options)));
    if (site.is_member && !site.user.empty()) {
      TRY(const auto ticket, ticket_at_(site.name, site.user));
      TRY([[maybe_unused]] const auto done, connection->call("authenticateByTicket", {Value::of_string(ticket)}));
    }
    return connection;
  }

  Result<std::unique_ptr<Feed>> open_at(const PublisherSite& site, const stream::FeedTerms& terms,
                                        const std::function<bool()>& cancelled) const {
    const auto closed = std::make_shared<std::atomic<bool>>(false);
    TRY(auto connection, connect(site, closed, cancelled));
    const auto table = Value::of_string(terms.table), action = Value::of_string(terms.action);
    TRY(const auto named, ask(*connection, "getSubscriptionTopic", {table, action}));
    if (!named.is_tuple() || named.vector().values_any().empty() || !named.vector().values_any()[0].is_text())
      return no_record(site);
    const std::string topic = named.vector().values_any()[0].scalar().text();
    const auto filter =
        ask(*connection, "def(name) { return getStreamTableFilterColumn(objByName(name, true)) }", {table});
    TRY(const auto columns,
        ask(*connection, "publishTable",
            {Value::of_string(self_.host), Value::of_int(self_.port), table, action,
             Value::of_long(terms.offset_of(topic)), Value::null(), Value::of_bool(terms.replaces)}));
    std::vector<PublisherSite> sites;
    constexpr size_t kHaParts = 2;
    if (columns.is_tuple() && columns.vector().size() == kHaParts) {
      const Value& addresses = columns.vector().values_any()[1];
      for (size_t i = 0; addresses.is_vector() && i < addresses.vector().size(); ++i) {
        TRY(auto other, moved(site, std::string(addresses.vector().text_at(i))));
        sites.push_back(std::move(other));
      }
    }
    auto feed = std::make_unique<ConnectionFeed>(site, closed, std::move(connection));
    TRY_DONE(feed->begin(topic, filter.ok() && filter->is_text() ? filter->scalar().text() : std::string(),
                         std::move(sites)));
    return std::unique_ptr<Feed>(std::move(feed));
  }

  const config::Site self_;
  const TicketAt ticket_at_;
};

}  // namespace

stream::OpenFeed make_open_feed(config::Site self, TicketAt ticket_at) {
  const auto opener = std::make_shared<const FeedOpener>(std::move(self), std::move(ticket_at));
  return [opener](const stream::FeedTerms& terms, const std::function<bool()>& cancelled) {
    return opener->open(terms, cancelled);
  };
}

}  // namespace pelorus::server
