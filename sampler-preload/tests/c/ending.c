/* Ends of every kind: what was counted until then is there. */
#include "said.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int return_from_main(void) { return some_calls(50), 3; }
static int exit_with_a_status(void) { some_calls(50), exit(4); }
static int underscore_exit(void) { some_calls(50), _exit(5); }
static void at_quick(void) { some_calls(2); }
static int quick_exit_with_handlers(void) { at_quick_exit(at_quick), some_calls(50), quick_exit(6); }
static int an_abort(void) { some_calls(50), abort(); }
static int a_sigterm(void) { some_calls(50), raise(SIGTERM); return 1; }
static int a_sigkill(void) { some_calls(50), kill(getpid(), SIGKILL); return 1; }
static int a_sigsegv(void) { some_calls(50), *(volatile int *)keep((char *)8) = 1; return 1; }
static int overflow(int depth) {
  volatile char room[4096];
  room[0] = depth;
  return depth + overflow(depth + 1) + room[0];
}
static int a_stack_overflow(void) { some_calls(50); return overflow(0); }
static int a_trap(void) { some_calls(50), __builtin_trap(); }
static void alarmed(int signal) { _exit(9); }
static int an_exit_from_a_signal_handler(void) {
  signal(SIGALRM, alarmed);
  some_calls(50);
  raise(SIGALRM);
  return 1;
}
static atomic_int running, stop;
static void *allocates(void *seed) {
  uint64_t random = (uintptr_t)seed;
  atomic_fetch_add(&running, 1);
  for (;;) {
    size_t size = next_random(&random) % 3000;
    void *p = next_random(&random) % 9 ? Malloc(size) : Memalign(256, size);
    if (next_random(&random) % 4 == 0) p = Realloc(p, size, size + 500), size += 500;
    Free(p, size);
  }
  return NULL;
}
/* Threads are on stacks of our own and the process is killed while three of them run: what the program wrote just before each call and just after it says
   what the record must hold. pthread_create's own block of a thread is known from an exited process with as many. */
static void killed(int rounds) {
  uint64_t seed = 99;
  for (int round = 0; round < rounds; round++) {
    pid_t pid = fork();
    if (pid == 0) {
      tally_open(1);
      pthread_t thread;
      for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, allocates, (void *)(uintptr_t)(round * 3 + i + 1));
      while (running < 3) sched_yield();
      for (;;) Free(Malloc(100), 100);
    }
    /* Until the child's own counts, which we cannot see, no time is the right one: spin for as long as a seed says. */
    for (volatile long spin = next_random(&seed) % 20000000; spin > 0; spin--) {}
    int status;
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
}
static int sigkill_at_any_moment_with_three_threads(void) { return killed(12), 0; }

static int a_sigterm_with_three_threads(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, allocates, (void *)(uintptr_t)(i + 1));
  while (running < 3) sched_yield();
  some_calls(1000);
  kill(getpid(), SIGTERM);
  for (;;) some_calls(1);
}
static int a_crash_with_three_threads(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, allocates, (void *)(uintptr_t)(i + 1));
  while (running < 3) sched_yield();
  some_calls(1000);
  *(volatile int *)keep((char *)8) = 1;
  return 1;
}
static void at_end(void) { some_calls(5); }
static void at_end_with(int status, void *p) { some_calls(6), Free(p, 70); }
__attribute__((destructor)) static void last(void) { Free(Malloc(21), 21); }
static int handlers_at_exit_are_counted(void) {
  atexit(at_end), atexit(at_end);
  on_exit(at_end_with, Malloc(70));
  some_calls(3);
  return 0;
}
static void exits_again(void) { some_calls(2), exit(11); }
static int exit_within_exit(void) {
  atexit(at_end), atexit(exits_again);
  return 0;
}
static int a_cpu_limit(void) {
  struct rlimit limit = {1, 1};
  some_calls(20);
  setrlimit(RLIMIT_CPU, &limit);
  for (;;) some_calls(1);
}
int main(int c, char **v) {
  MODE(return_from_main);
  MODE(exit_with_a_status);
  MODE(underscore_exit);
  MODE(quick_exit_with_handlers);
  MODE(an_abort);
  MODE(a_sigterm);
  MODE(a_sigkill);
  MODE(a_sigsegv);
  MODE(a_stack_overflow);
  MODE(a_trap);
  MODE(an_exit_from_a_signal_handler);
  MODE(sigkill_at_any_moment_with_three_threads);
  MODE(a_sigterm_with_three_threads);
  MODE(a_crash_with_three_threads);
  MODE(handlers_at_exit_are_counted);
  MODE(exit_within_exit);
  return 99;
}
