#pragma once
// Subscriptions of this node to stream tables of others, over the protocol that clients use.

#include <functional>
#include <string>

#include "config/site.h"
#include "stream/remote/feed.h"

namespace pelorus::server {

/// `self`: as whom publishers know this node. `ticket_of`: what other members of the cluster take in place of a user's
/// password.
stream::OpenFeed make_open_feed(config::Site self, std::function<std::string(const std::string& user)> ticket_of);

}  // namespace pelorus::server
