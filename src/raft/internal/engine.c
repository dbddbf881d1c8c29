#include "raft/internal/engine.h"

#include <raft.h>
#include <raft/uv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Older versions commit entries of earlier terms by counting replicas and lose acknowledged changes
 * (docs/decisions/0002-consensus.md). */
_Static_assert(RAFT_VERSION_NUMBER >= 2201, "libraft older than 0.22.1 is unsafe");

struct raft_engine {
  struct raft raft;
  struct raft_io io;
  struct raft_fsm fsm;
  struct raft_uv_transport transport;
  struct raft_engine_hooks hooks;
  bool raise_term;
  bool io_open;   /* raft_uv_init() succeeded */
  bool raft_open; /* raft_init() succeeded */
  int error;
  char message[RAFT_ERRMSG_BUF_SIZE];
  void (*closed)(void* owner);
  raft_uv_accept_cb accept;
  raft_uv_transport_close_cb transport_closed;
  /* The library's own functions behind our guards. */
  raft_io_recv_cb receive;
  int (*library_load)(struct raft_io*, raft_term*, raft_id*, struct raft_snapshot**, raft_index*, struct raft_entry*[],
                      size_t*);
  int (*library_start)(struct raft_io*, unsigned, raft_io_tick_cb, raft_io_recv_cb);
  struct raft_io library; /* all of them, where steps are watched */
};

/* Writes under way whose end is a step: the library gets ours in place of the one asked for. */
struct watched_append {
  struct raft_io_append request; /* first */
  struct raft_io_append* asked;
  struct raft_engine* engine;
};
struct watched_put {
  struct raft_io_snapshot_put request; /* first */
  struct raft_io_snapshot_put* asked;
  struct raft_engine* engine;
};

struct request {
  union {
    struct raft_apply apply;
    struct raft_barrier barrier;
    struct raft_change change;
    struct raft_transfer transfer;
  } body;
  struct raft_engine* engine;
  void* tag;
  raft_engine_done done;
};

static int status_of(int code) {
  switch (code) {
    case 0: return RAFT_ENGINE_OK;
    case RAFT_NOTLEADER: return RAFT_ENGINE_NOT_LEADER;
    case RAFT_LEADERSHIPLOST:
    case RAFT_SHUTDOWN: return RAFT_ENGINE_LEADERSHIP_LOST;
    case RAFT_NOSPACE: return RAFT_ENGINE_NO_SPACE;
    case RAFT_CANTCHANGE: return RAFT_ENGINE_CANNOT_CHANGE;
    case RAFT_CORRUPT:
    case RAFT_MALFORMED: return RAFT_ENGINE_CORRUPT;
    case RAFT_NOCONNECTION: return RAFT_ENGINE_NO_CONNECTION;
    case RAFT_CANCELED: return RAFT_ENGINE_CANCELED;
    case RAFT_BADROLE: return RAFT_ENGINE_BAD_ROLE;
    case RAFT_BADID:
    case RAFT_NOTFOUND: return RAFT_ENGINE_UNKNOWN_MEMBER;
    case RAFT_DUPLICATEID:
    case RAFT_DUPLICATEADDRESS: return RAFT_ENGINE_DUPLICATE;
    case RAFT_CANTBOOTSTRAP: return RAFT_ENGINE_EXISTS;
    default: return RAFT_ENGINE_OTHER;
  }
}

static int library_role(int role) {
  return role == RAFT_ENGINE_VOTER ? RAFT_VOTER : role == RAFT_ENGINE_LEARNER ? RAFT_STANDBY : RAFT_SPARE;
}

static int keep_error(struct raft_engine* engine, int code, const char* message) {
  if (code != 0) {
    engine->error = status_of(code);
    snprintf(engine->message, sizeof engine->message, "%s", message[0] != '\0' ? message : raft_strerror(code));
  }
  return status_of(code);
}

/* ---- state machine ---- */

static int apply_command(struct raft_fsm* fsm, const struct raft_buffer* buffer, void** result) {
  struct raft_engine* engine = fsm->data;
  *result = NULL;
  engine->hooks.apply(engine->hooks.owner, engine->raft.last_applied + 1, buffer->base, buffer->len);
  return 0;
}

static int take_snapshot(struct raft_fsm* fsm, struct raft_buffer* buffers[], unsigned* count) {
  struct raft_engine* engine = fsm->data;
  *buffers = raft_malloc(sizeof **buffers);
  if (*buffers == NULL) return RAFT_NOMEM;
  *count = 1;
  if (engine->hooks.snapshot(engine->hooks.owner, engine->raft.last_applied, &(*buffers)[0].base, &(*buffers)[0].len) !=
      0) {
    raft_free(*buffers);
    *buffers = NULL;
    *count = 0;
    return RAFT_IOERR;
  }
  return 0;
}

static int restore_snapshot(struct raft_fsm* fsm, struct raft_buffer* buffer) {
  struct raft_engine* engine = fsm->data;
  if (engine->hooks.restore(engine->hooks.owner, engine->raft.commit_index, buffer->base, buffer->len) != 0)
    return RAFT_CORRUPT;
  raft_free(buffer->base);
  return 0;
}

/* ---- guards around the library's disk and network ---- */

/* The library trusts what it loads: snapshots have no checksum and a missing segment only shifts the numbers of the
 * entries behind it. The owner checks both before anything is used. */
static int check_loaded(struct raft_engine* engine, const struct raft_snapshot* snapshot, raft_index first,
                        const struct raft_entry* entries, size_t count) {
  const struct raft_engine_hooks* hooks = &engine->hooks;
  const raft_index snapshot_index = snapshot != NULL ? snapshot->index : 0;
  const void* data = snapshot != NULL && snapshot->n_bufs > 0 ? snapshot->bufs[0].base : NULL;
  const size_t size = data != NULL ? snapshot->bufs[0].len : 0;
  if (hooks->loaded_snapshot(hooks->owner, snapshot_index, data, size) != 0) return RAFT_CORRUPT;
  for (size_t i = 0; i < count; ++i) {
    if (entries[i].type != RAFT_COMMAND) continue;
    if (hooks->loaded_command(hooks->owner, first + i, entries[i].buf.base, entries[i].buf.len) != 0)
      return RAFT_CORRUPT;
  }
  const raft_index last = first + count - 1;
  return hooks->loaded(hooks->owner, first, last > snapshot_index ? last : snapshot_index) == 0 ? 0 : RAFT_CORRUPT;
}

static void free_loaded(struct raft_snapshot* snapshot, struct raft_entry* entries, size_t count) {
  if (snapshot != NULL) {
    raft_configuration_close(&snapshot->configuration);
    for (unsigned i = 0; i < snapshot->n_bufs; ++i) raft_free(snapshot->bufs[i].base);
    raft_free(snapshot->bufs);
    raft_free(snapshot);
  }
  void* batch = NULL; /* entries loaded together share one allocation */
  for (size_t i = 0; i < count; ++i) {
    if (entries[i].batch == batch) continue;
    batch = entries[i].batch;
    raft_free(batch);
  }
  raft_free(entries);
}

static int guarded_load(struct raft_io* io, raft_term* term, raft_id* voted_for, struct raft_snapshot** snapshot,
                        raft_index* first, struct raft_entry* entries[], size_t* count) {
  struct raft_engine* engine = ((struct raft*)io->data)->data;
  int code = engine->library_load(io, term, voted_for, snapshot, first, entries, count);
  if (code != 0) return code;
  code = check_loaded(engine, *snapshot, *first, *entries, *count);
  if (code == 0 && engine->raise_term && *term != 0) {
    code = io->set_term(io, *term + 1);
    *term += 1;
    *voted_for = 0;
  }
  if (code != 0) {
    free_loaded(*snapshot, *entries, *count);
    *snapshot = NULL;
    *entries = NULL;
    *count = 0;
  }
  return code;
}

static void drop(struct raft_message* message) {
  if (message->type == RAFT_INSTALL_SNAPSHOT) {
    raft_configuration_close(&message->install_snapshot.conf);
    raft_free(message->install_snapshot.data.base);
  } else if (message->type == RAFT_APPEND_ENTRIES && message->append_entries.n_entries > 0) {
    raft_free(message->append_entries.entries[0].batch);
    raft_free(message->append_entries.entries);
  }
}

/* Two leaders in one term cannot be, but the library lets an only voter elect itself without a new term, and then
 * treats its leader's state as a follower's: it would overwrite memory. */
static bool is_from_second_leader(const struct raft* raft, const struct raft_message* message) {
  if (raft->state != RAFT_LEADER) return false;
  return (message->type == RAFT_INSTALL_SNAPSHOT && message->install_snapshot.term == raft->current_term) ||
         (message->type == RAFT_APPEND_ENTRIES && message->append_entries.term == raft->current_term);
}

/* A follower notes every change of members in a message under the number of the message's first new entry. Noted under
 * another number than its own a change never counts as committed there: snapshots then hold the members before it, and
 * as leader it can make no change. So a change comes first or not at all; the leader sends the rest again. */
static void end_before_change(struct raft_append_entries* message) {
  for (unsigned i = 1; i < message->n_entries; ++i) {
    if (message->entries[i].type == RAFT_CHANGE) message->n_entries = i;
  }
}

/* An InstallSnapshot message that arrives while this member writes its own snapshot makes the library follow a null
 * pointer. It is dropped here; the leader sends it again after its install timeout. */
static void guarded_receive(struct raft_io* io, struct raft_message* message) {
  struct raft* raft = io->data;
  struct raft_engine* engine = raft->data;
  engine->hooks.heard(engine->hooks.owner, message->server_id);
  if (engine->hooks.reach != NULL) engine->hooks.reach(engine->hooks.owner, RAFT_ENGINE_MESSAGE_RECEIVED);
  if (message->type == RAFT_INSTALL_SNAPSHOT && raft->legacy.snapshot_taking) return drop(message);
  if (is_from_second_leader(raft, message)) return drop(message);
  if (message->type == RAFT_APPEND_ENTRIES) end_before_change(&message->append_entries);
  engine->receive(io, message);
}

static int guarded_start(struct raft_io* io, unsigned milliseconds, raft_io_tick_cb tick, raft_io_recv_cb receive) {
  struct raft_engine* engine = ((struct raft*)io->data)->data;
  engine->receive = receive;
  return engine->library_start(io, milliseconds, tick, guarded_receive);
}

/* ---- steps of the disk and the network, for fault points ---- */

static struct raft_engine* engine_of(struct raft_io* io) { return ((struct raft*)io->data)->data; }

static void reach(struct raft_engine* engine, enum raft_engine_step step) {
  engine->hooks.reach(engine->hooks.owner, step);
}

static void append_done(struct raft_io_append* request, int status) {
  struct watched_append* one = (struct watched_append*)request;
  struct raft_io_append* asked = one->asked;
  reach(one->engine, RAFT_ENGINE_APPEND_DONE);
  free(one);
  asked->cb(asked, status);
}

static int watched_append(struct raft_io* io, struct raft_io_append* request, const struct raft_entry entries[],
                          unsigned count, raft_io_append_cb done) {
  struct raft_engine* engine = engine_of(io);
  reach(engine, RAFT_ENGINE_APPEND_BEGUN);
  struct watched_append* one = calloc(1, sizeof *one);
  if (one == NULL) return RAFT_NOMEM;
  one->engine = engine;
  one->asked = request;
  request->cb = done;
  const int code = engine->library.append(io, &one->request, entries, count, append_done);
  if (code != 0) free(one);
  return code;
}

static void put_done(struct raft_io_snapshot_put* request, int status) {
  struct watched_put* one = (struct watched_put*)request;
  struct raft_io_snapshot_put* asked = one->asked;
  reach(one->engine, RAFT_ENGINE_SNAPSHOT_DONE);
  free(one);
  asked->cb(asked, status);
}

static int watched_put(struct raft_io* io, unsigned trailing, struct raft_io_snapshot_put* request,
                       const struct raft_snapshot* snapshot, raft_io_snapshot_put_cb done) {
  struct raft_engine* engine = engine_of(io);
  reach(engine, RAFT_ENGINE_SNAPSHOT_BEGUN);
  struct watched_put* one = calloc(1, sizeof *one);
  if (one == NULL) return RAFT_NOMEM;
  one->engine = engine;
  one->asked = request;
  request->cb = done;
  const int code = engine->library.snapshot_put(io, trailing, &one->request, snapshot, put_done);
  if (code != 0) free(one);
  return code;
}

static int watched_term(struct raft_io* io, raft_term term) {
  struct raft_engine* engine = engine_of(io);
  reach(engine, RAFT_ENGINE_TERM_BEGUN);
  const int code = engine->library.set_term(io, term);
  reach(engine, RAFT_ENGINE_TERM_DONE);
  return code;
}

static int watched_vote(struct raft_io* io, raft_id member) {
  struct raft_engine* engine = engine_of(io);
  reach(engine, RAFT_ENGINE_VOTE_BEGUN);
  const int code = engine->library.set_vote(io, member);
  reach(engine, RAFT_ENGINE_VOTE_DONE);
  return code;
}

static int watched_truncate(struct raft_io* io, raft_index index) {
  struct raft_engine* engine = engine_of(io);
  reach(engine, RAFT_ENGINE_TRUNCATE_BEGUN);
  const int code = engine->library.truncate(io, index);
  reach(engine, RAFT_ENGINE_TRUNCATE_DONE);
  return code;
}

static int watched_send(struct raft_io* io, struct raft_io_send* request, const struct raft_message* message,
                        raft_io_send_cb sent) {
  struct raft_engine* engine = engine_of(io);
  reach(engine, RAFT_ENGINE_MESSAGE_SENT);
  return engine->library.send(io, request, message, sent);
}

static void watch_steps(struct raft_engine* engine) {
  engine->library = engine->io;
  engine->io.append = watched_append;
  engine->io.snapshot_put = watched_put;
  engine->io.set_term = watched_term;
  engine->io.set_vote = watched_vote;
  engine->io.truncate = watched_truncate;
  engine->io.send = watched_send;
}

/* ---- transport: all state in impl, `data` belongs to the library ---- */

static int transport_init(struct raft_uv_transport* transport, raft_id id, const char* address) {
  (void)transport, (void)id, (void)address;
  return 0;
}

static int transport_listen(struct raft_uv_transport* transport, raft_uv_accept_cb accept) {
  ((struct raft_engine*)transport->impl)->accept = accept;
  return 0;
}

static int transport_connect(struct raft_uv_transport* transport, struct raft_uv_connect* request, raft_id id,
                             const char* address, raft_uv_connect_cb connected) {
  struct raft_engine* engine = transport->impl;
  request->cb = connected;
  return engine->hooks.connect(engine->hooks.owner, request, id, address) == 0 ? 0 : RAFT_NOCONNECTION;
}

static void transport_close(struct raft_uv_transport* transport, raft_uv_transport_close_cb closed) {
  struct raft_engine* engine = transport->impl;
  engine->accept = NULL;
  engine->transport_closed = closed;
  engine->hooks.close_transport(engine->hooks.owner);
}

void raft_engine_connected(void* request, struct uv_stream_s* stream, int status) {
  struct raft_uv_connect* connect = request;
  connect->cb(connect, stream,
              status == RAFT_ENGINE_OK         ? 0
              : status == RAFT_ENGINE_CANCELED ? RAFT_CANCELED
                                               : RAFT_NOCONNECTION);
}

static void free_stream(uv_handle_t* handle) { raft_free(handle); }

void raft_engine_accepted(struct raft_engine* engine, uint64_t id, const char* alias, struct uv_stream_s* stream) {
  if (engine->accept == NULL) {
    uv_close((uv_handle_t*)stream, free_stream);
    return;
  }
  engine->accept(&engine->transport, id, alias, stream);
}

void raft_engine_transport_closed(struct raft_engine* engine) { engine->transport_closed(&engine->transport); }

/* ---- life ---- */

int raft_engine_library_version(void) { return raft_version_number(); }

static int open_io(struct raft_engine* engine, struct uv_loop_s* loop, const struct raft_engine_options* options) {
  engine->transport.version = 1;
  engine->transport.impl = engine;
  engine->transport.init = transport_init;
  engine->transport.listen = transport_listen;
  engine->transport.connect = transport_connect;
  engine->transport.close = transport_close;
  const int code = raft_uv_init(&engine->io, loop, options->directory, &engine->transport);
  if (code != 0) return code;
  engine->io_open = true;
  raft_uv_set_auto_recovery(&engine->io, false); /* it would forget acknowledged entries */
  raft_uv_set_tracer(&engine->io, NULL);         /* its text lives in static buffers: unsafe with several loops */
  raft_uv_set_segment_size(&engine->io, options->segment_bytes);
  raft_uv_set_connect_retry_delay(&engine->io, options->connect_retry_ms);
  engine->library_load = engine->io.load;
  engine->library_start = engine->io.start;
  engine->io.load = guarded_load;
  engine->io.start = guarded_start;
  if (engine->hooks.reach != NULL) watch_steps(engine);
  return 0;
}

struct raft_engine* raft_engine_open(struct uv_loop_s* loop, const struct raft_engine_options* options,
                                     const struct raft_engine_hooks* hooks) {
  struct raft_engine* engine = calloc(1, sizeof *engine);
  if (engine == NULL) return NULL;
  engine->hooks = *hooks;
  engine->raise_term = options->raise_term;
  if (raft_version_number() < 2201) {
    keep_error(engine, RAFT_INVALID, "the libraft linked is older than 0.22.1 and unsafe");
    return engine;
  }
  int code = open_io(engine, loop, options);
  if (code != 0) {
    keep_error(engine, code, engine->io.errmsg);
    return engine;
  }
  engine->fsm.version = 1;
  engine->fsm.data = engine;
  engine->fsm.apply = apply_command;
  engine->fsm.snapshot = take_snapshot;
  engine->fsm.restore = restore_snapshot;
  code = raft_init(&engine->raft, &engine->io, &engine->fsm, options->id, options->alias);
  if (code != 0) {
    keep_error(engine, code, engine->io.errmsg);
    return engine;
  }
  engine->raft_open = true;
  engine->raft.data = engine;
  engine->raft.tracer = NULL;
  raft_set_election_timeout(&engine->raft, options->election_timeout_ms);
  raft_set_heartbeat_timeout(&engine->raft, options->heartbeat_ms);
  raft_set_install_snapshot_timeout(&engine->raft, options->install_snapshot_timeout_ms);
  raft_set_pre_vote(&engine->raft, true);
  raft_set_capacity_threshold(&engine->raft, (unsigned short)(options->segment_bytes / 2 / 1024));
  raft_engine_set_snapshot(engine, options->snapshot_threshold, options->snapshot_trailing);
  return engine;
}

int raft_engine_error(const struct raft_engine* engine) { return engine->error; }
const char* raft_engine_message(const struct raft_engine* engine) { return engine->message; }

int raft_engine_bootstrap(struct raft_engine* engine, const uint64_t* ids, const char* const* aliases, const int* roles,
                          unsigned count) {
  struct raft_configuration configuration;
  raft_configuration_init(&configuration);
  int code = 0;
  for (unsigned i = 0; i < count && code == 0; ++i)
    code = raft_configuration_add(&configuration, ids[i], aliases[i], library_role(roles[i]));
  engine->raft.errmsg[0] = '\0';
  if (code == 0) code = raft_bootstrap(&engine->raft, &configuration);
  raft_configuration_close(&configuration);
  return keep_error(engine, code, engine->io.errmsg);
}

int raft_engine_start(struct raft_engine* engine) {
  return keep_error(engine, raft_start(&engine->raft), engine->raft.errmsg);
}

static void raft_closed(struct raft* raft) {
  struct raft_engine* engine = raft->data;
  raft_uv_close(&engine->io);
  engine->io_open = false;
  engine->raft_open = false;
  engine->closed(engine->hooks.owner);
}

void raft_engine_close(struct raft_engine* engine, void (*closed)(void* owner)) {
  engine->closed = closed;
  raft_close(&engine->raft, raft_closed);
}

void raft_engine_free(struct raft_engine* engine) {
  if (engine->io_open) raft_uv_close(&engine->io);
  free(engine);
}

/* ---- requests ---- */

static struct request* new_request(struct raft_engine* engine, void* tag, raft_engine_done done) {
  struct request* request = calloc(1, sizeof *request);
  if (request == NULL) return NULL;
  request->engine = engine;
  request->tag = tag;
  request->done = done;
  return request;
}

static void finish(struct request* request, int code) {
  request->done(request->engine->hooks.owner, request->tag, status_of(code));
  free(request);
}

static void apply_done(struct raft_apply* apply, int code, void* result) {
  (void)result;
  finish(apply->data, code);
}
static void barrier_done(struct raft_barrier* barrier, int code) { finish(barrier->data, code); }
static void change_done(struct raft_change* change, int code) { finish(change->data, code); }
static void transfer_done(struct raft_transfer* transfer) { finish(transfer->data, 0); }

static int refuse(struct request* request, int code) {
  struct raft_engine* engine = request->engine;
  free(request);
  return keep_error(engine, code, engine->raft.errmsg);
}

int raft_engine_apply(struct raft_engine* engine, const void* data, size_t size, void* tag, raft_engine_done done) {
  struct request* request = new_request(engine, tag, done);
  /* Always one buffer: of several the library would keep the first and report success. */
  struct raft_buffer buffer = {.base = raft_malloc(size), .len = size};
  if (request == NULL || buffer.base == NULL) abort();
  memcpy(buffer.base, data, size);
  request->body.apply.data = request;
  const int code = raft_apply(&engine->raft, &request->body.apply, &buffer, 1, apply_done);
  if (code == 0) return RAFT_ENGINE_OK;
  if (code == RAFT_NOTLEADER || code == RAFT_NOSPACE) raft_free(buffer.base); /* otherwise its owner is unknown */
  return refuse(request, code);
}

int raft_engine_barrier(struct raft_engine* engine, void* tag, raft_engine_done done) {
  struct request* request = new_request(engine, tag, done);
  if (request == NULL) abort();
  request->body.barrier.data = request;
  const int code = raft_barrier(&engine->raft, &request->body.barrier, barrier_done);
  return code == 0 ? RAFT_ENGINE_OK : refuse(request, code);
}

/* The library keeps the request of a change it has just refused: take it back. */
static int finish_change(struct raft_engine* engine, struct request* request, int code) {
  if (code == 0) return RAFT_ENGINE_OK;
  if (engine->raft.legacy.change == &request->body.change) engine->raft.legacy.change = NULL;
  return refuse(request, code);
}

/* The library asserts all this, in builds without assertions. */
static int may_change(const struct raft_engine* engine) {
  if (engine->raft.state != RAFT_LEADER) return RAFT_ENGINE_NOT_LEADER;
  if (engine->raft.leader_state.transferee != 0) return RAFT_ENGINE_NOT_LEADER;
  return engine->raft.legacy.change == NULL ? RAFT_ENGINE_OK : RAFT_ENGINE_CANNOT_CHANGE;
}

int raft_engine_add(struct raft_engine* engine, uint64_t id, const char* alias, void* tag, raft_engine_done done) {
  const int refused = may_change(engine);
  if (refused != RAFT_ENGINE_OK) return refused;
  struct request* request = new_request(engine, tag, done);
  if (request == NULL) abort();
  request->body.change.data = request;
  return finish_change(engine, request, raft_add(&engine->raft, &request->body.change, id, alias, change_done));
}

int raft_engine_assign(struct raft_engine* engine, uint64_t id, enum raft_engine_role role, void* tag,
                       raft_engine_done done) {
  const int refused = may_change(engine);
  if (refused != RAFT_ENGINE_OK) return refused;
  struct request* request = new_request(engine, tag, done);
  if (request == NULL) abort();
  request->body.change.data = request;
  return finish_change(engine, request,
                       raft_assign(&engine->raft, &request->body.change, id, library_role(role), change_done));
}

int raft_engine_remove(struct raft_engine* engine, uint64_t id, void* tag, raft_engine_done done) {
  const int refused = may_change(engine);
  if (refused != RAFT_ENGINE_OK) return refused;
  struct request* request = new_request(engine, tag, done);
  if (request == NULL) abort();
  request->body.change.data = request;
  return finish_change(engine, request, raft_remove(&engine->raft, &request->body.change, id, change_done));
}

int raft_engine_transfer(struct raft_engine* engine, uint64_t id, void* tag, raft_engine_done done) {
  const int refused = may_change(engine);
  if (refused == RAFT_ENGINE_NOT_LEADER) return refused;
  struct request* request = new_request(engine, tag, done);
  if (request == NULL) abort();
  request->body.transfer.data = request;
  const int code = raft_transfer(&engine->raft, &request->body.transfer, id, transfer_done);
  return code == 0 ? RAFT_ENGINE_OK : refuse(request, code);
}

/* ---- state ---- */

void raft_engine_look(const struct raft_engine* engine, struct raft_engine_facts* facts) {
  const struct raft* raft = &engine->raft;
  raft_id leader = 0;
  const char* alias = NULL;
  raft_leader((struct raft*)raft, &leader, &alias);
  facts->state = raft->state == RAFT_LEADER      ? RAFT_ENGINE_LEADER
                 : raft->state == RAFT_CANDIDATE ? RAFT_ENGINE_CANDIDATE
                 : raft->state == RAFT_FOLLOWER  ? RAFT_ENGINE_FOLLOWER
                                                 : RAFT_ENGINE_DOWN;
  facts->term = raft->current_term;
  facts->leader = leader;
  facts->commit_index = raft->commit_index;
  facts->applied_index = raft->last_applied;
  facts->stored_index = raft->last_stored;
  facts->configuration_index = raft->configuration_uncommitted_index != 0 ? raft->configuration_uncommitted_index
                                                                          : raft->configuration_committed_index;
  facts->member_count = raft->configuration.n;
  facts->capacity_bytes = (uint64_t)engine->io.capacity * 1024;
  facts->capacity_needed_bytes = (uint64_t)raft->capacity_threshold * 1024;
  facts->transferring = raft->state == RAFT_LEADER && raft->leader_state.transferee != 0;
}

void raft_engine_member(const struct raft_engine* engine, unsigned at, uint64_t* id, const char** alias, int* role) {
  const struct raft_server* server = &engine->raft.configuration.servers[at];
  *id = server->id;
  *alias = server->address;
  *role = server->role == RAFT_VOTER     ? RAFT_ENGINE_VOTER
          : server->role == RAFT_STANDBY ? RAFT_ENGINE_LEARNER
                                         : RAFT_ENGINE_SPARE;
}

bool raft_engine_caught_up(const struct raft_engine* engine, uint64_t id) {
  raft_index match = 0;
  if (engine->raft.state != RAFT_LEADER || raft_match_index(&engine->raft, id, &match) != 0) return false;
  return match >= engine->raft.commit_index;
}

void raft_engine_set_snapshot(struct raft_engine* engine, unsigned threshold, unsigned trailing) {
  raft_set_snapshot_threshold(&engine->raft, threshold);
  raft_set_snapshot_trailing(&engine->raft, trailing);
}

void* raft_engine_allocate(size_t size) { return raft_malloc(size); }
void raft_engine_release(void* memory) { raft_free(memory); }
