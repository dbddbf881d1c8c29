#pragma once
// The calls of PartitionService as bytes. Methods: data.prepare data.settle data.scan data.change
// data.rows data.facts data.flush.

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "dist/partition_service.h"
#include "meta/archive.h"

namespace pelorus::dist {

struct BlockMessage {
  ChunkId chunk;
  bool replace = false;
  Version base_version = 0;
  std::string rows;  // a TABLE object (docs/protocol/native.md)
  RowOrder order;

  template <class A>
  void fields(A& a) {
    a(chunk, replace, base_version, rows, order);
  }
};

struct PrepareMessage {
  Ticket ticket;
  std::vector<BlockMessage> blocks;

  template <class A>
  void fields(A& a) {
    a(ticket, blocks);
  }
};

struct SettleMessage {
  TransactionId transaction;
  std::vector<ChunkVersion> versions;

  template <class A>
  void fields(A& a) {
    a(transaction, versions);
  }
};

struct FragmentMessage {
  std::string text;
  std::string definitions;
  std::vector<std::pair<std::string, std::string>> variables;  // name, object bytes
  std::string user;

  template <class A>
  void fields(A& a) {
    a(text, definitions, variables, user);
  }
};

struct ScanMessage {
  FragmentMessage fragment;
  std::vector<ChunkVersion> chunks;
  TableColumns columns;

  template <class A>
  void fields(A& a) {
    a(fragment, chunks, columns);
  }
};

struct RowsMessage {
  ChunkVersion chunk;
  TableColumns columns;
  PageRequest page;

  template <class A>
  void fields(A& a) {
    a(chunk, columns, page);
  }
};

struct TablesMessage {
  std::vector<std::string> tables;
  int64_t changed = 0;

  template <class A>
  void fields(A& a) {
    a(tables, changed);
  }
};

struct ChunksMessage {
  std::vector<ChunkId> chunks;

  template <class A>
  void fields(A& a) {
    a(chunks);
  }
};

struct ReplicaFactsMessage {
  std::vector<ReplicaFacts> facts;

  template <class A>
  void fields(A& a) {
    a(facts);
  }
};

/// A table as object bytes and back. Errors: kLimit, kCorrupt.
Result<std::string> pack_table(const data::Table& table);
Result<data::Table> unpack_table(std::string_view bytes);

Result<std::string> pack_value(const data::Value& value);
Result<data::Value> unpack_value(std::string_view bytes);

Result<FragmentMessage> pack_fragment(const exec::Fragment& fragment);
Result<exec::Fragment> unpack_fragment(const FragmentMessage& message);

}  // namespace pelorus::dist
