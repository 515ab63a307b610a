/* What was asked of an allocator, kept in a shared file, so that it is there whatever ends the process. Nothing here allocates. */
#ifndef TALLY_H
#define TALLY_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The order is that of KEYS in tests/support/tally.rs. */
struct tally {
  uint64_t allocs, bytes, frees, freed_bytes, reallocs, failed, zero, foreign_frees, foreign_reallocs, foreign_bytes;
};

/* A call is in `before` when it begins and in `after` when it has ended: what really happened is between them. */
struct thread_tally {
  struct tally before, after;
};

#define TALLY_THREADS 4096
struct tally_file {
  uint64_t is_forked, threads;
  struct thread_tally thread[TALLY_THREADS];
};

static struct tally_file tally_at_hand; /* where no file can be had */
static struct tally_file *tally_file = &tally_at_hand;
static char tally_directory[512];
static __thread struct thread_tally *tally_mine __attribute__((tls_model("initial-exec")));
#define ADD(place, n) __atomic_fetch_add(&(place), (n), __ATOMIC_RELAXED)

static inline struct thread_tally *tally(void) {
  if (!tally_mine) tally_mine = &tally_file->thread[ADD(tally_file->threads, 1) % TALLY_THREADS];
  return tally_mine;
}

/* As the library names its own: <directory>/<pid>[.<k>], so that the k-th image of a pid has the k-th file in both. */
static inline void tally_open(int is_forked) {
  tally_mine = NULL;
  tally_file = &tally_at_hand;
  if (is_forked) memset(&tally_at_hand, 0, 16 * sizeof(struct thread_tally));
  if (!*tally_directory) return;
  char path[600];
  int file = -1;
  for (int k = 0; file < 0 && k < 100; k++) {
    snprintf(path, sizeof path, k ? "%s/%d.%d" : "%s/%d", tally_directory, getpid(), k);
    file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  }
  if (file < 0 || ftruncate(file, sizeof(struct tally_file))) return;
  void *p = mmap(NULL, sizeof(struct tally_file), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (p == MAP_FAILED) return;
  tally_file = (struct tally_file *)p;
  /* What was counted before this was called. */
  memcpy(tally_file, &tally_at_hand, 16 * sizeof(struct thread_tally));
  tally_file->is_forked = is_forked;
}

static inline void tally_start(const char *variable) {
  const char *directory = getenv(variable);
  if (directory) snprintf(tally_directory, sizeof tally_directory, "%s", directory);
  tally_open(0);
}

static inline void begin_alloc(size_t size) {
  struct thread_tally *t = tally();
  ADD(t->before.allocs, 1), ADD(t->before.bytes, size), ADD(t->before.zero, size == 0);
}
static inline void end_alloc(void *p, size_t size) {
  struct thread_tally *t = tally();
  if (p) {
    ADD(t->after.allocs, 1), ADD(t->after.bytes, size), ADD(t->after.zero, size == 0);
  } else {
    ADD(t->before.failed, 1), ADD(t->after.failed, 1);
    ADD(t->before.allocs, -1), ADD(t->before.bytes, -size), ADD(t->before.zero, -(size == 0));
  }
}
static inline void begin_free(size_t size) {
  struct thread_tally *t = tally();
  ADD(t->before.frees, 1), ADD(t->before.freed_bytes, size);
}
static inline void end_free(size_t size) {
  struct thread_tally *t = tally();
  ADD(t->after.frees, 1), ADD(t->after.freed_bytes, size);
}
static inline void begin_realloc(void *p, size_t old, size_t size) {
  if (p) begin_free(old);
  if (p && size == 0) return;
  if (p) ADD(tally()->before.reallocs, 1);
  begin_alloc(size);
}
static inline void end_realloc(void *p, void *q, size_t old, size_t size) {
  struct thread_tally *t = tally();
  if (p && size == 0) {
    end_free(old);
    return;
  }
  if (p && q) end_free(old), ADD(t->after.reallocs, 1);
  if (p && !q) ADD(t->before.frees, -1), ADD(t->before.freed_bytes, -old), ADD(t->before.reallocs, -1);
  end_alloc(q, size);
}
#endif
