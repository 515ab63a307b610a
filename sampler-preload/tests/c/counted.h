/* Calls that count themselves, so that a program knows what its record must say. Nothing here allocates on its own. */
#ifndef COUNTED_H
#define COUNTED_H
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct counts {
  unsigned long allocs, bytes, frees, freed_bytes, reallocs, failed, zero;
};

/* One a thread; a program adds them up. */
static __thread struct counts counts;

/* The size of each live block, kept in its own first bytes where there is room; programs that need freed bytes pass the size. */
static inline void *counted(void *p, size_t size) {
  if (!p) {
    counts.failed++;
    return p;
  }
  counts.allocs++;
  counts.bytes += size;
  counts.zero += size == 0;
  return p;
}

static inline void counted_free(void *p, size_t size) {
  if (p) {
    counts.frees++;
    counts.freed_bytes += size;
  }
  free(p);
}

static inline void *counted_realloc(void *p, size_t old, size_t size) {
  void *q = realloc(p, size);
  if (!q && p && size == 0) {
    counts.frees++;
    counts.freed_bytes += old;
  } else if (!q) {
    counts.failed++;
  } else {
    counts.allocs++;
    counts.bytes += size;
    counts.zero += size == 0;
    if (p) {
      counts.frees++;
      counts.freed_bytes += old;
      counts.reallocs++;
    }
  }
  return q;
}

static inline void add_counts(struct counts *to, const struct counts *more) {
  to->allocs += more->allocs;
  to->bytes += more->bytes;
  to->frees += more->frees;
  to->freed_bytes += more->freed_bytes;
  to->reallocs += more->reallocs;
  to->failed += more->failed;
  to->zero += more->zero;
}

static inline void print_counts(const struct counts *c) {
  char line[512]; /* dprintf would allocate */
  int length = snprintf(
      line, sizeof line,
      "{\"pid\":%d,\"total_allocs\":%lu,\"total_bytes_alloc\":%lu,\"total_frees\":%lu,"
      "\"total_bytes_freed\":%lu,\"reallocs\":%lu,\"failed_calls\":%lu,\"zero_size_allocs\":%lu}\n",
      getpid(), c->allocs, c->bytes, c->frees, c->freed_bytes, c->reallocs, c->failed, c->zero);
  if (write(1, line, length) != length) _exit(1);
}

#define CHECK(condition)                                                              \
  do {                                                                                \
    if (!(condition)) {                                                               \
      dprintf(2, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);    \
      _exit(1);                                                                       \
    }                                                                                 \
  } while (0)

/* Fills and checks a block, so that a header written into it, or bytes lost by a move, show. */
static inline void fill(void *p, size_t size, unsigned seed) {
  for (size_t i = 0; i < size; i++) ((unsigned char *)p)[i] = (unsigned char)(seed + i * 31);
}
static inline void check_filled(const void *p, size_t size, unsigned seed) {
  for (size_t i = 0; i < size; i++) CHECK(((const unsigned char *)p)[i] == (unsigned char)(seed + i * 31));
}
static inline int is_aligned(const void *p, size_t alignment) { return (uintptr_t)p % alignment == 0; }

/* Keeps the compiler from leaving out an allocation. */
static inline void *keep(void *p) {
  __asm__ volatile("" : "+r"(p) : : "memory");
  return p;
}
#endif
