#pragma once
/* The consensus engine behind an opaque handle: the only header of ours that engine.c shares with C++, because the
 * library's own header does not compile as C++. Everything here runs on the thread of the loop it was opened on. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;
struct uv_stream_s;
struct raft_engine;

enum raft_engine_status {
  RAFT_ENGINE_OK = 0,
  RAFT_ENGINE_NOT_LEADER,
  RAFT_ENGINE_LEADERSHIP_LOST, /* the entry may still be committed by another leader */
  RAFT_ENGINE_NO_SPACE,
  RAFT_ENGINE_CANNOT_CHANGE, /* another membership change is under way */
  RAFT_ENGINE_CORRUPT,
  RAFT_ENGINE_NO_CONNECTION,
  RAFT_ENGINE_CANCELED,
  RAFT_ENGINE_BAD_ROLE, /* the member has that role already */
  RAFT_ENGINE_UNKNOWN_MEMBER,
  RAFT_ENGINE_DUPLICATE,
  RAFT_ENGINE_EXISTS, /* the directory holds a group already */
  RAFT_ENGINE_OTHER
};

enum raft_engine_role { RAFT_ENGINE_LEARNER = 0, RAFT_ENGINE_VOTER = 1, RAFT_ENGINE_SPARE = 2 };
enum raft_engine_state { RAFT_ENGINE_DOWN = 0, RAFT_ENGINE_FOLLOWER, RAFT_ENGINE_CANDIDATE, RAFT_ENGINE_LEADER };

/* Where the engine is, for fault points (base/fault_point.h). */
enum raft_engine_step {
  RAFT_ENGINE_APPEND_BEGUN,
  RAFT_ENGINE_APPEND_DONE,
  RAFT_ENGINE_TRUNCATE_BEGUN,
  RAFT_ENGINE_TRUNCATE_DONE,
  RAFT_ENGINE_TERM_BEGUN,
  RAFT_ENGINE_TERM_DONE,
  RAFT_ENGINE_VOTE_BEGUN,
  RAFT_ENGINE_VOTE_DONE,
  RAFT_ENGINE_SNAPSHOT_BEGUN,
  RAFT_ENGINE_SNAPSHOT_DONE,
  RAFT_ENGINE_MESSAGE_SENT,
  RAFT_ENGINE_MESSAGE_RECEIVED
};

/* What the engine asks of its owner. Nonzero answers are failures. */
struct raft_engine_hooks {
  void* owner;
  /* One committed command. Has no answer: the library frees entries twice when applying fails, so the owner keeps
   * the failure to itself and closes the engine at the end of the turn. */
  void (*apply)(void* owner, uint64_t index, const void* data, size_t size);
  /* *data from raft_engine_allocate(); the engine frees it. */
  int (*snapshot)(void* owner, uint64_t index, void** data, size_t* size);
  int (*restore)(void* owner, uint64_t index, const void* data, size_t size);
  /* What the disk holds, before the engine uses any of it: snapshot (index 0: none), commands, end of the log. */
  int (*loaded_snapshot)(void* owner, uint64_t index, const void* data, size_t size);
  int (*loaded_command)(void* owner, uint64_t index, const void* data, size_t size);
  int (*loaded)(void* owner, uint64_t first_index, uint64_t last_index);
  /* A message of this member arrived. */
  void (*heard)(void* owner, uint64_t member);
  /* Dial the member and answer through raft_engine_connected(). A failure means "later". */
  int (*connect)(void* owner, void* request, uint64_t member, const char* alias);
  /* Cancel every dial, then call raft_engine_transport_closed(). */
  void (*close_transport)(void* owner);
  /* The engine is at a step. NULL: nobody wants to know. */
  void (*reach)(void* owner, enum raft_engine_step step);
};

struct raft_engine_options {
  uint64_t id;
  const char* alias;
  const char* directory;
  unsigned election_timeout_ms;
  unsigned heartbeat_ms;
  unsigned connect_retry_ms;
  unsigned install_snapshot_timeout_ms;
  size_t segment_bytes;
  unsigned snapshot_threshold;
  unsigned snapshot_trailing;
  bool raise_term; /* one of the two metadata files is lost: never vote again in the term of the other */
};

struct raft_engine_facts {
  enum raft_engine_state state;
  uint64_t term;
  uint64_t leader; /* 0: unknown */
  uint64_t commit_index;
  uint64_t applied_index;
  uint64_t stored_index;
  uint64_t configuration_index; /* changes whenever the member list may have changed */
  unsigned member_count;
  uint64_t capacity_bytes;
  uint64_t capacity_needed_bytes;
  bool transferring;
};

typedef void (*raft_engine_done)(void* owner, void* tag, int status);

/* 22 * 100 + 1 for 0.22.1: of the library linked, not of its header. */
int raft_engine_library_version(void);

/* NULL only without memory; otherwise raft_engine_error() tells whether the engine may be used. */
struct raft_engine* raft_engine_open(struct uv_loop_s* loop, const struct raft_engine_options* options,
                                     const struct raft_engine_hooks* hooks);
/* The status of the last failed call and its sentence. */
int raft_engine_error(const struct raft_engine* engine);
const char* raft_engine_message(const struct raft_engine* engine);

int raft_engine_bootstrap(struct raft_engine* engine, const uint64_t* ids, const char* const* aliases, const int* roles,
                          unsigned count);
int raft_engine_start(struct raft_engine* engine);
/* Answers every pending request, closes files; `closed` runs once, later, on the loop. */
void raft_engine_close(struct raft_engine* engine, void (*closed)(void* owner));
/* After `closed` (or after an open that failed). */
void raft_engine_free(struct raft_engine* engine);

/* A success means `done` will be called; a failure that it never will and that nothing was appended, except
 * RAFT_ENGINE_OTHER, after which the engine must be closed. */
int raft_engine_apply(struct raft_engine* engine, const void* data, size_t size, void* tag, raft_engine_done done);
int raft_engine_barrier(struct raft_engine* engine, void* tag, raft_engine_done done);
int raft_engine_add(struct raft_engine* engine, uint64_t id, const char* alias, void* tag, raft_engine_done done);
int raft_engine_assign(struct raft_engine* engine, uint64_t id, enum raft_engine_role role, void* tag,
                       raft_engine_done done);
int raft_engine_remove(struct raft_engine* engine, uint64_t id, void* tag, raft_engine_done done);
/* id 0: any. The status of `done` says nothing: look who leads. */
int raft_engine_transfer(struct raft_engine* engine, uint64_t id, void* tag, raft_engine_done done);

void raft_engine_look(const struct raft_engine* engine, struct raft_engine_facts* facts);
/* `alias` lives until the loop runs again. */
void raft_engine_member(const struct raft_engine* engine, unsigned at, uint64_t* id, const char** alias, int* role);
/* Whether the leader knows this member's log to be as long as its own. */
bool raft_engine_caught_up(const struct raft_engine* engine, uint64_t id);
void raft_engine_set_snapshot(struct raft_engine* engine, unsigned threshold, unsigned trailing);

/* Transport side. Streams are raft_engine_allocate()d uv_tcp_t or uv_pipe_t; the engine closes and frees them. */
void raft_engine_connected(void* request, struct uv_stream_s* stream, int status);
void raft_engine_accepted(struct raft_engine* engine, uint64_t id, const char* alias, struct uv_stream_s* stream);
void raft_engine_transport_closed(struct raft_engine* engine);

void* raft_engine_allocate(size_t size);
void raft_engine_release(void* memory);

#ifdef __cplusplus
}
#endif
