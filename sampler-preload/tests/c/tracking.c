/* What sets one tracking apart from another. The mode is the first argument. */
#include "counted.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { BLOCKS = 20000, MILLION = 1000000 };
static void *blocks[MILLION];

static void page_aligned(void) {
  for (int i = 0; i < BLOCKS; i++) CHECK((blocks[i] = memalign(4096, 64)) && is_aligned(blocks[i], 4096));
  for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
}
static void unaligned(void) {
  for (int i = 0; i < BLOCKS; i++) CHECK(blocks[i] = malloc(64));
  for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
}
static void a_hundred(void) {
  for (int i = 0; i < 100; i++) free(keep(malloc(64)));
}
static void a_million_live(void) {
  for (int i = 0; i < MILLION; i++) CHECK(blocks[i] = malloc(16));
  for (int i = 0; i < MILLION; i++) free(blocks[i]);
}
/* All transitions between sampled and not, with contents up to the last usable byte, in place and moved. */
static void realloc_of_all_kinds(void) {
  for (int i = 0; i < BLOCKS; i++) {
    size_t size = 1 + i * 37 % 3000, alignment = 16u << i % 10;
    unsigned char *p = i % 2 ? memalign(alignment, size) : malloc(size);
    CHECK(p);
    for (int turn = 0; turn < 4; turn++) {
      size_t usable = malloc_usable_size(p), next = 1 + (i * 53 + turn * 1709) % 4000;
      CHECK(usable >= size);
      memset(p, i + turn, usable);
      p = realloc(p, next);
      CHECK(p && malloc_usable_size(p) >= next);
      size_t kept = next < usable ? next : usable;
      for (size_t k = 0; k < kept; k++) CHECK(p[k] == (unsigned char)(i + turn));
      size = next;
    }
    free(p);
  }
}
/* A realloc that cannot be served leaves the block what it was: contents, size, and whether it is sampled. */
static void failing_realloc(void) {
  for (int i = 0; i < BLOCKS; i++) {
    unsigned char *p = i % 2 ? memalign(4096, 100) : malloc(100);
    size_t usable = malloc_usable_size(p);
    memset(p, i, usable);
    CHECK(!realloc(keep(p), (size_t)1 << 46));
    CHECK(!realloc(keep(p), (size_t)-100));
    CHECK(malloc_usable_size(p) == usable);
    for (size_t k = 0; k < usable; k++) CHECK(p[k] == (unsigned char)i);
    free(p);
  }
}
/* A block that glibc leaves in place, through samples and others, with a realloc that fails in between: moved once at most, when it is first sampled. */
static void realloc_in_place(void) {
  enum { SIZE = 3000, TURNS = 100, AT_MOST = 1 };
  for (int i = 0; i < 50; i++) {
    unsigned char *p = i % 2 ? memalign(64, SIZE) : malloc(SIZE);
    CHECK(p);
    memset(p, i, SIZE);
    int moves = 0;
    for (int turn = 0; turn < TURNS; turn++) {
      CHECK(!realloc(keep(p), (size_t)1 << 46));
      unsigned char *next = realloc(keep(p), SIZE - turn % 2);
      CHECK(next && is_aligned(next, 16));
      moves += next != p;
      p = next;
      for (int k = 0; k < SIZE - 1; k++) CHECK(p[k] == (unsigned char)i);
      if (malloc_usable_size(p) >= SIZE) p[SIZE - 1] = i;
    }
    CHECK(moves <= AT_MOST);
    free(p);
  }
}
/* A block that glibc maps grows: its old contents are there, and nobody touches the pages behind them, whether it becomes a sample or not. */
static void realloc_of_mapped(void) {
  enum { OLD = 1 << 20, NEW = 64 << 20, PAGE = 4096 };
  for (int i = 0; i < 40; i++) {
    unsigned char *p = malloc(OLD), resident;
    CHECK(p);
    memset(p, i, OLD);
    CHECK(p = realloc(p, NEW));
    for (int k = 0; k < OLD; k += 64) CHECK(p[k] == (unsigned char)i);
    for (size_t at = OLD + 2 * PAGE; at < NEW - PAGE; at += 16 * PAGE) {
      CHECK(!mincore((void *)((uintptr_t)(p + at) & -PAGE), PAGE, &resident));
      CHECK(!(resident & 1));
    }
    free(p);
  }
}
/* glibc has free memory, but nothing more can be mapped: samples find no room in the table, also those of a realloc. */
static void no_room_in_the_table(void) {
  CHECK(mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, 1 << 30));
  void *room = malloc(64 << 20);
  CHECK(room);
  free(room);
  CHECK(!setrlimit(RLIMIT_AS, &(struct rlimit){1, 1}));
  for (int i = 0; i < BLOCKS; i++) {
    unsigned char *p = i % 3 ? malloc(100) : calloc(10, 10);
    CHECK(p);
    for (int k = 0; k < 100 && i % 3 == 0; k++) CHECK(!p[k]);
    memset(p, i, 100);
    for (size_t size = 150; size < 500; size += 50) {
      CHECK(p = realloc(p, size));
      CHECK(malloc_usable_size(p) >= size);
      for (int k = 0; k < 100; k++) CHECK(p[k] == (unsigned char)i);
    }
    blocks[i] = p;
  }
  for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
}
static _Atomic int stop;
static void *churn(void *unused) {
  void *held[500] = {0};
  for (int i = 0; !stop; i = (i + 1) % 500) free(held[i]), held[i] = malloc(64);
  for (int i = 0; i < 500; i++) free(held[i]);
  return unused;
}
static void fork_during_inserts(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) CHECK(!pthread_create(&threads[i], 0, churn, 0));
  for (int i = 0; i < 50; i++) {
    void *inherited[100];
    for (int k = 0; k < 100; k++) inherited[k] = malloc(200);
    pid_t child = fork();
    CHECK(child >= 0);
    for (int k = 0; k < 100; k++) {
      if (!child) CHECK(inherited[k] = realloc(inherited[k], 5000));
      free(inherited[k]);
    }
    if (!child) unaligned(), _exit(0);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  stop = 1;
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
}
/* Pairs of free and malloc over 1000 live blocks of 16 to 256 bytes. */
static void window(long pairs) {
  static void *live[1000];
  unsigned state = 1;
  for (int i = 0; i < 1000; i++) live[i] = malloc(16 + i % 241);
  for (long i = 0; i < pairs; i++) {
    state = state * 1664525 + 1013904223;
    unsigned place = (state >> 8) % 1000;
    free(live[place]);
    live[place] = malloc(16 + (state >> 20) % 241);
  }
  for (int i = 0; i < 1000; i++) free(live[i]);
}
/* Calls of realloc: a block that grows by half from 16 bytes to 64 KiB, then begins again. */
static void growth(long calls) {
  void *block = 0;
  size_t size = 0;
  for (long i = 0; i < calls; i++) {
    if (size >= 65536) free(block), block = 0, size = 0;
    size = size ? size + size / 2 : 16;
    CHECK(block = realloc(block, size));
  }
  free(block);
}
/* Looks at the usable size of 1000 live blocks, as often as there would be pairs: some programs do it twice for each of their blocks. */
static void usable(long looks) {
  static void *live[1000];
  size_t sum = 0;
  for (int i = 0; i < 1000; i++) live[i] = malloc(16 + i % 241);
  for (long i = 0; i < looks; i++) sum += malloc_usable_size(live[i % 1000]);
  CHECK(sum >= 16 * (size_t)looks);
  for (int i = 0; i < 1000; i++) free(live[i]);
}

int main(int count, char **arguments) {
  if (!strcmp(arguments[1], "page_aligned")) return page_aligned(), 0;
  if (!strcmp(arguments[1], "unaligned")) return unaligned(), 0;
  if (!strcmp(arguments[1], "a_hundred")) return a_hundred(), 0;
  if (!strcmp(arguments[1], "a_million_live")) return a_million_live(), 0;
  if (!strcmp(arguments[1], "realloc_of_all_kinds")) return realloc_of_all_kinds(), 0;
  if (!strcmp(arguments[1], "failing_realloc")) return failing_realloc(), 0;
  if (!strcmp(arguments[1], "realloc_in_place")) return realloc_in_place(), 0;
  if (!strcmp(arguments[1], "realloc_of_mapped")) return realloc_of_mapped(), 0;
  if (!strcmp(arguments[1], "no_room_in_the_table")) return no_room_in_the_table(), 0;
  if (!strcmp(arguments[1], "fork_during_inserts")) return fork_during_inserts(), 0;
  if (!strcmp(arguments[1], "window")) return window(atol(arguments[2])), 0;
  if (!strcmp(arguments[1], "growth")) return growth(atol(arguments[2])), 0;
  if (!strcmp(arguments[1], "usable")) return usable(atol(arguments[2])), 0;
  return 99;
}
