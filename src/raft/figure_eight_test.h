#pragma once
/* Figure 8 of the Raft paper, played by the library's own deterministic simulator (a C header, hence a C file). */

#ifdef __cplusplus
extern "C" {
#endif

struct figure_eight_result {
  int applied_before_crash; /* whether the first leader applied A before it vanished */
  int stale_server_won;     /* whether S5, which lacks A, was ever elected */
  int has_leader_at_the_end;
  char applied[5][8]; /* what each server applied, one letter a command */
};

/* 0, or the library's error code. */
int play_figure_eight(struct figure_eight_result* result);

#ifdef __cplusplus
}
#endif
