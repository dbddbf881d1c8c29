#include "raft/figure_eight_test.h"

#include <raft.h>
#include <raft/fixture.h>
#include <string.h>

enum { kServers = 5, kS1 = 0, kS2, kS3, kS4, kS5 };

static int apply_letter(struct raft_fsm* fsm, const struct raft_buffer* buffer, void** result) {
  char* text = fsm->data;
  *result = NULL;
  strncat(text, buffer->base, 1);
  return 0;
}

static int no_snapshot(struct raft_fsm* fsm, struct raft_buffer* buffers[], unsigned* count) {
  (void)fsm, (void)buffers, (void)count;
  return RAFT_NOTFOUND;
}

static int no_restore(struct raft_fsm* fsm, struct raft_buffer* buffer) {
  (void)fsm, (void)buffer;
  return RAFT_NOTFOUND;
}

static void add_letter(struct raft_fixture* fixture, unsigned server, char letter, raft_term term) {
  struct raft_entry entry = {.term = term, .type = RAFT_COMMAND};
  entry.buf.len = 8;
  entry.buf.base = raft_calloc(1, entry.buf.len);
  *(char*)entry.buf.base = letter;
  raft_fixture_add_entry(fixture, server, &entry);
}

static void cut(struct raft_fixture* fixture, unsigned a, unsigned b) {
  raft_fixture_disconnect(fixture, a, b);
  raft_fixture_disconnect(fixture, b, a);
}

static void join(struct raft_fixture* fixture, unsigned a, unsigned b) {
  raft_fixture_reconnect(fixture, a, b);
  raft_fixture_reconnect(fixture, b, a);
}

/* Steps for a while during which only `candidate` asks for votes. */
static void step_while_standing(struct raft_fixture* fixture, unsigned candidate, raft_time milliseconds,
                                struct figure_eight_result* result) {
  const raft_time end = raft_fixture_time(fixture) + milliseconds;
  while (raft_fixture_time(fixture) < end) {
    for (unsigned i = 0; i < kServers; ++i) {
      struct raft* raft = raft_fixture_get(fixture, i);
      const unsigned patience = i == candidate ? 1000 : 1000000;
      if (raft_state(raft) == RAFT_FOLLOWER) raft->follower_state.randomized_election_timeout = patience;
      if (raft_state(raft) == RAFT_CANDIDATE) raft->candidate_state.randomized_election_timeout = patience;
    }
    raft_fixture_step(fixture);
    if (raft_state(raft_fixture_get(fixture, kS5)) == RAFT_LEADER) result->stale_server_won = 1;
  }
}

static int build(struct raft_fixture* fixture, struct raft_fsm* machines) {
  int code = raft_fixture_initialize(fixture);
  for (unsigned i = 0; i < kServers && code == 0; ++i) code = raft_fixture_grow(fixture, &machines[i]);
  struct raft_configuration configuration;
  if (code == 0) code = raft_fixture_configuration(fixture, kServers, &configuration);
  if (code == 0) code = raft_fixture_bootstrap(fixture, &configuration);
  raft_configuration_close(&configuration);
  if (code != 0) return code;
  /* S1 led in term 2 and gave A to S2; S5 led in term 3 and kept B to itself. */
  add_letter(fixture, kS1, 'A', 2);
  add_letter(fixture, kS2, 'A', 2);
  add_letter(fixture, kS5, 'B', 3);
  for (unsigned i = 0; i < kServers; ++i) {
    raft_fixture_set_term(fixture, i, 3);
    raft_fixture_get(fixture, i)->tracer = NULL;
  }
  return raft_fixture_start(fixture);
}

int play_figure_eight(struct figure_eight_result* result) {
  struct raft_fixture fixture;
  struct raft_fsm machines[kServers];
  memset(result, 0, sizeof *result);
  memset(machines, 0, sizeof machines);
  for (unsigned i = 0; i < kServers; ++i) {
    machines[i] = (struct raft_fsm){.version = 1,
                                    .data = result->applied[i],
                                    .apply = apply_letter,
                                    .snapshot = no_snapshot,
                                    .restore = no_restore};
  }
  const int code = build(&fixture, machines);
  if (code != 0) return code;
  /* S1 is elected in term 4 by S2 and S3 and copies A to S3. */
  for (unsigned i = kS1; i <= kS3; ++i) {
    cut(&fixture, i, kS4);
    cut(&fixture, i, kS5);
  }
  step_while_standing(&fixture, kS1, 5000, result);
  result->applied_before_crash = strchr(result->applied[kS1], 'A') != NULL;
  /* S1 and S2 vanish; S5 comes back and asks S3 and S4 for their votes. */
  raft_fixture_kill(&fixture, kS1);
  raft_fixture_kill(&fixture, kS2);
  join(&fixture, kS3, kS4);
  join(&fixture, kS3, kS5);
  join(&fixture, kS4, kS5);
  step_while_standing(&fixture, kS5, 10000, result);
  step_while_standing(&fixture, kS3, 10000, result);
  result->has_leader_at_the_end = raft_state(raft_fixture_get(&fixture, kS3)) == RAFT_LEADER;
  raft_fixture_close(&fixture);
  return 0;
}
