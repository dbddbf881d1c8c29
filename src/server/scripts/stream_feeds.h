#pragma once
// Subscriptions of this node to stream tables of others, over the protocol that clients use.

#include <functional>
#include <string>

#include "config/site.h"
#include "stream/remote/feed.h"

namespace pelorus::server {

/// A ticket with which a user of this node may log in at another member of the cluster.
using TicketAt = std::function<Result<std::string>(const std::string& alias, const std::string& user)>;

/// `self`: as whom publishers know this node.
stream::OpenFeed make_open_feed(config::Site self, TicketAt ticket_at);

}  // namespace pelorus::server
