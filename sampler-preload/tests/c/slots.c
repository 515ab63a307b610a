/* Which lines of slots each of many threads writes, by the live file before and after its turn: no line twice. Nothing is allocated but what is counted. */
#include "counted.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More threads than the first slots and the first chunk have. LINES: pairs of cache lines; the mapping begins on a page, so the file's lines are the memory's. */
enum { THREADS = 140, FIRST_PAGE = 4096, LINES = 128, BYTES = 1 << 20, BLOCKS = 400 };
static unsigned char before[BYTES], after[BYTES];
static int writer[BYTES / LINES];
static char path[512];
static _Atomic int holding, turn, done;

/* Every size bin, moved blocks, a failure: much of a slot. */
static void work(void) {
  for (int i = 0; i < BLOCKS; i++) {
    char *block = keep(malloc((size_t)1 << i % 18));
    free(keep(realloc(block, 100 + i)));
  }
  CHECK(!keep(malloc(PTRDIFF_MAX)));
  free(keep(malloc(0)));
}
static void *thread(void *number) {
  free(keep(malloc(100)));
  holding++;
  while (turn != (int)(intptr_t)number) usleep(100);
  work();
  done = turn;
  while (turn <= THREADS) usleep(100);
  return NULL;
}
static size_t read_live(unsigned char *into) {
  int file = open(path, O_RDONLY);
  CHECK(file >= 0);
  ssize_t bytes = read(file, into, BYTES);
  CHECK(bytes > FIRST_PAGE && bytes < BYTES);
  close(file);
  return bytes;
}
int main(void) {
  snprintf(path, sizeof path, "%s.%d.live", getenv("SAMPLER_STATS_FILE"), getpid());
  static pthread_t threads[THREADS + 1];
  for (intptr_t i = 1; i <= THREADS; i++) CHECK(!pthread_create(&threads[i], 0, thread, (void *)i));
  while (holding < THREADS) usleep(100);
  int written[THREADS + 1] = {0};
  for (int number = 1; number <= THREADS; number++) {
    size_t bytes = read_live(before);
    turn = number;
    while (done != number) usleep(100);
    CHECK(read_live(after) == bytes);
    for (size_t at = FIRST_PAGE; at < bytes; at += LINES) {
      if (!memcmp(before + at, after + at, LINES)) continue;
      if (writer[at / LINES]) dprintf(2, "threads %d and %d at byte %zu\n", writer[at / LINES], number, at);
      CHECK(!writer[at / LINES]);
      writer[at / LINES] = number;
      written[number]++;
    }
    CHECK(written[number] >= 4);
  }
  turn = THREADS + 1;
  for (int i = 1; i <= THREADS; i++) CHECK(!pthread_join(threads[i], 0));
  return 0;
}
