/* Calls that a program counts itself, and what its modes share. Each mode is one behaviour; its name is the program's first argument. */
#ifndef SAID_H
#define SAID_H
#include "tally.h"
#include <errno.h>
#include <malloc.h>

__attribute__((constructor(101))) static void said_start(void) { tally_start("SAID"); }
/* In a forked child, before its first call: it starts from zero. */
static inline void said_child(void) { tally_open(1); }

/* Any expression that allocates `size` bytes. */
#define said(size, expression)         \
  ({                                   \
    size_t said_size = (size);         \
    begin_alloc(said_size);            \
    void *said_p = (void *)(expression); \
    end_alloc(said_p, said_size);      \
    said_p;                            \
  })
static inline void *Malloc(size_t size) { return said(size, malloc(size)); }
static inline void *Calloc(size_t count, size_t size) { return said(count * size, calloc(count, size)); }
static inline void *Memalign(size_t alignment, size_t size) { return said(size, memalign(alignment, size)); }
static inline void Free(void *p, size_t size) {
  if (p) begin_free(size);
  free(p);
  if (p) end_free(size);
}
static inline void *Realloc(void *p, size_t old, size_t size) {
  begin_realloc(p, old, size);
  void *q = realloc(p, size);
  end_realloc(p, q, old, size);
  return q;
}
/* Of a pointer that the library did not hand out. */
static inline void Free_foreign(void *p) {
  ADD(tally()->before.foreign_frees, 1);
  free(p);
  ADD(tally()->after.foreign_frees, 1);
}
static inline void *Realloc_foreign(void *p, size_t size) {
  ADD(tally()->before.foreign_reallocs, 1), ADD(tally()->before.foreign_bytes, size);
  p = realloc(p, size);
  ADD(tally()->after.foreign_reallocs, 1), ADD(tally()->after.foreign_bytes, size);
  return p;
}
/* A call that fails for its arguments. */
static inline void said_failed(int n) { ADD(tally()->before.failed, n), ADD(tally()->after.failed, n); }

#define CHECK(condition)                                                                                          \
  do {                                                                                                            \
    if (!(condition)) {                                                                                           \
      char line[300];                                                                                             \
      int n = snprintf(line, sizeof line, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);        \
      if (write(2, line, n)) {}                                                                                   \
      _exit(98);                                                                                                  \
    }                                                                                                             \
  } while (0)

/* Prints without allocating. */
#define SAY(...)                                          \
  do {                                                    \
    char say_line[300];                                   \
    int say_bytes = snprintf(say_line, sizeof say_line, __VA_ARGS__); \
    if (write(1, say_line, say_bytes) != say_bytes) _exit(97); \
  } while (0)

#define MODE(name) \
  if (!strcmp(v[1], #name)) return name()

static inline void fill(void *p, size_t size, unsigned seed) {
  for (size_t i = 0; i < size; i++) ((unsigned char *)p)[i] = (unsigned char)(seed + i * 31 + (i >> 8));
}
static inline void check_filled(const void *p, size_t size, unsigned seed) {
  for (size_t i = 0; i < size; i++) CHECK(((const unsigned char *)p)[i] == (unsigned char)(seed + i * 31 + (i >> 8)));
}
static inline int is_aligned(const void *p, size_t alignment) { return (uintptr_t)p % alignment == 0; }

/* Keeps the compiler from knowing what a pointer or a size is. */
#define keep(value)                                  \
  ({                                                 \
    __typeof__((value) + 0) kept = (value);                \
    __asm__ volatile("" : "+r"(kept) : : "memory");  \
    kept;                                            \
  })

static inline uint64_t next_random(uint64_t *state) { /* SplitMix64 */
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}
/* A few calls of each kind. */
static inline void some_calls(int n) {
  for (int i = 0; i < n; i++) {
    void *p = Malloc(10 + i % 1000);
    CHECK(p);
    fill(p, 10 + i % 1000, i);
    p = Realloc(p, 10 + i % 1000, 500);
    CHECK(p);
    check_filled(p, i % 1000 < 490 ? 10 + i % 1000 : 500, i);
    Free(p, 500);
    p = Memalign(64, 30);
    CHECK(p && is_aligned(p, 64));
    Free(p, 30);
  }
}
#endif
