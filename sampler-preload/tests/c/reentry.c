/* Calls that interrupt calls. */
#include "said.h"
#include <signal.h>
#include <sys/time.h>

/* glibc's malloc is not made for handlers: a handler may only use sizes that the interrupted call does not touch, remainders of splits included. While glibc's lock is held by the interrupted call another would wait for ever; a thread's cache of small blocks takes no lock. */
static const size_t cached[] = {40, 56, 72, 88};
static void fill_cache(void) {
  for (size_t size = 24; size <= 120; size += 8) {
    void *p[5];
    for (int i = 0; i < 5; i++) p[i] = Malloc(size);
    for (int i = 0; i < 5; i++) Free(p[i], size);
  }
}
static volatile sig_atomic_t handled, depth, deepest, allowed = 1;
static void handler(int number) {
  handled++, depth++;
  if (depth > deepest) deepest = depth;
  for (int i = 0; i < 4; i++) {
    void *p = Malloc(cached[i]);
    if (!p) _exit(51);
    fill(p, malloc_usable_size(p), i);
    if (i == 2 && depth < allowed) raise(SIGUSR2);
    check_filled(p, malloc_usable_size(p), i);
    Free(p, cached[i]);
  }
  depth--;
}
static void interrupt(int flags) {
  fill_cache();
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaddset(&action.sa_mask, SIGALRM); /* within itself it would meet its own sizes */
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  struct itimerval timer = {{0, 50}, {0, 50}};
  setitimer(ITIMER_REAL, &timer, NULL);
  while (handled < 1500) {
    void *p = Malloc(300), *q = Calloc(3, 100);
    CHECK(p && q);
    Free(p, 300), Free(q, 300);
    q = Realloc(Malloc(280), 280, 290);
    CHECK(q);
    Free(q, 290);
  }
  memset(&timer, 0, sizeof timer);
  setitimer(ITIMER_REAL, &timer, NULL);
  signal(SIGALRM, SIG_IGN);
}
static int a_signal_handler_inside_every_call(void) {
  interrupt(0);
  return 0;
}
static int a_signal_handler_on_a_stack_of_its_own(void) {
  static char room[65536];
  stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
  CHECK(sigaltstack(&stack, NULL) == 0);
  interrupt(SA_ONSTACK);
  return 0;
}
static int signal_handlers_within_signal_handlers(void) {
  allowed = 3;
  interrupt(SA_NODEFER);
  SAY("%d\n", deepest >= 3);
  return 0;
}
#include <setjmp.h>
static sigjmp_buf back;
static void jumps(int signal) { siglongjmp(back, 1); }
static int a_jump_out_of_a_signal_handler(void) {
  struct sigaction action = {.sa_handler = jumps};
  sigaction(SIGSEGV, &action, NULL);
  for (int i = 0; i < 200; i++) {
    if (sigsetjmp(back, 1) == 0) {
      some_calls(2);
      *(volatile int *)keep((char *)16) = 1;
    }
    some_calls(1);
  }
  return 0;
}
int main(int c, char **v) {
  MODE(a_signal_handler_inside_every_call);
  MODE(a_signal_handler_on_a_stack_of_its_own);
  MODE(signal_handlers_within_signal_handlers);
  MODE(a_jump_out_of_a_signal_handler);
  return 99;
}
