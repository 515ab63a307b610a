/* Which pages of the live file the counting of two threads writes. Nothing is allocated but what is counted. */
#include "counted.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 16, BLOCKS = 1000 };
static unsigned char before[PAGES * PAGE], after[PAGES * PAGE];
static char path[512];
static _Atomic int turn;

static void allocate_some(void) {
  for (int i = 0; i < BLOCKS; i++) free(keep(malloc(100)));
}
static void *other(void *unused) {
  allocate_some();
  turn = 1;
  while (turn != 2) usleep(100);
  allocate_some();
  turn = 3;
  while (turn != 4) usleep(100);
  return unused;
}
static void read_live(unsigned char *into) {
  int file = open(path, O_RDONLY);
  CHECK(file >= 0 && read(file, into, PAGES * PAGE) >= 4 * PAGE);
  close(file);
}
/* The one page that changed. */
static int changed_page(void) {
  int changed = -1;
  for (int page = 0; page < PAGES; page++) {
    if (!memcmp(before + page * PAGE, after + page * PAGE, PAGE)) continue;
    CHECK(changed < 0);
    changed = page;
  }
  CHECK(changed >= 0);
  return changed;
}
int main(void) {
  snprintf(path, sizeof path, "%s.%d.live", getenv("SAMPLER_STATS_FILE"), getpid());
  pthread_t thread;
  CHECK(!pthread_create(&thread, 0, other, 0));
  while (turn != 1) usleep(100);
  allocate_some();
  read_live(before);
  allocate_some();
  read_live(after);
  int mine = changed_page();
  read_live(before);
  turn = 2;
  while (turn != 3) usleep(100);
  read_live(after);
  CHECK(changed_page() != mine);
  turn = 4;
  CHECK(!pthread_join(thread, 0));
  return 0;
}
