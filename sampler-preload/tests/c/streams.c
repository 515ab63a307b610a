/* A parent that allocates, then its two children of the way that the first argument names, then a child of the second: each allocates
   as often as the parent did. */
#include "said.h"
#include <sys/syscall.h>
#include <sys/wait.h>

enum { BLOCKS = 10000, CHILDREN = 2 };

static void allocate(void) {
  for (int i = 0; i < BLOCKS; i++) free(keep(malloc(24)));
}
static pid_t fork_some_way(int is_raw) { return is_raw ? syscall(SYS_fork) : fork(); }
static void descend(int is_raw, int children) {
  allocate();
  for (int i = 0; i < children; i++) {
    pid_t pid = fork_some_way(is_raw);
    CHECK(pid >= 0);
    if (pid == 0) {
      descend(is_raw, i);
      exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
}
int main(int count, char **arguments) {
  descend(count > 1 && !strcmp(arguments[1], "raw"), CHILDREN);
  return 0;
}
