/* 12,345 allocations of 100 bytes, 45 of them kept; then an end as the argument says. */
#include "counted.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern pid_t _Fork(void);

static void allocate(int count, int kept) {
  for (int i = 0; i < count; i++) {
    void *p = keep(malloc(100));
    if (i >= kept) free(p);
  }
}

static void child(pid_t pid) {
  if (pid == 0) {
    allocate(77, 0);
    _exit(0);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(int count, char **arguments) {
  const char *end = arguments[1];
  if (!strcmp(end, "again")) {
    allocate(5, 0);
    return 0;
  }
  allocate(12345, 45);
  if (!strcmp(end, "exit")) exit(3);
  if (!strcmp(end, "_exit")) _exit(3);
  if (!strcmp(end, "quick_exit")) quick_exit(3);
  if (!strcmp(end, "abort")) abort();
  if (!strcmp(end, "term")) kill(getpid(), SIGTERM);
  if (!strcmp(end, "kill")) kill(getpid(), SIGKILL);
  if (!strcmp(end, "crash")) *(volatile int *)8 = 1;
  if (!strcmp(end, "exec")) execl(arguments[0], arguments[0], "again", (char *)0);
  if (!strcmp(end, "raw-fork")) child(syscall(SYS_fork));
  if (!strcmp(end, "underscore-fork")) child(_Fork());
  return 0;
}
