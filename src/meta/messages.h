#pragma once
// Everything nodes and controllers say to each other: a method's name, its request, its answer. Payloads are encode()d
// structs; a request named without a struct is empty.

#include "meta/messages/catalogue_messages.h"
#include "meta/messages/member_messages.h"
#include "meta/messages/node_messages.h"
#include "meta/messages/transaction_messages.h"
