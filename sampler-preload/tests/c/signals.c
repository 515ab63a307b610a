/* A handler that allocates while it interrupts allocations: never NULL, never a leak, all counted. */
#include "counted.h"
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t handled;
static struct counts in_handler;
static volatile sig_atomic_t failed;

/* glibc's malloc is not made for handlers: while its lock is held by the interrupted call, another would wait for ever. A thread's cache of small
   blocks takes no lock, so sizes here are ones of which the cache is kept full. */
static void handler(int signal) {
  for (int i = 0; i < 4; i++) {
    size_t size = 40 + 16 * i;
    void *p = malloc(size);
    if (!p) failed = 1;
    in_handler.allocs++;
    in_handler.bytes += size;
    free(p);
    in_handler.frees++;
    in_handler.freed_bytes += size;
  }
  handled++;
}

int main(void) {
  /* The cache has blocks of the handler's sizes, and of those plus a header, that nobody else takes. */
  for (size_t size = 40; size <= 104; size += 8) {
    void *p[5];
    for (int i = 0; i < 5; i++) p[i] = counted(malloc(size), size);
    for (int i = 0; i < 5; i++) counted_free(p[i], size);
  }
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 50}, {0, 50}};
  setitimer(ITIMER_REAL, &timer, NULL);
  while (handled < 2000) {
    void *p = counted(malloc(300), 300);
    CHECK(p);
    counted_free(p, 300);
  }
  memset(&timer, 0, sizeof timer);
  setitimer(ITIMER_REAL, &timer, NULL);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, NULL);
  CHECK(!failed);
  char line[64]; /* printf would allocate */
  int length = snprintf(line, sizeof line, "{\"handled\": %d}\n", (int)handled);
  CHECK(write(1, line, length) == length);
  add_counts(&counts, &in_handler);
  print_counts(&counts);
  return 0;
}
