/* A child starts from zero; its parent never sees its counts; inherited blocks are recognised. */
#include "counted.h"
#include <sys/wait.h>

int main(void) {
  void *p[1000];
  for (int i = 0; i < 1000; i++) p[i] = counted(malloc(100), 100);
  for (int child = 0; child < 3; child++) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      memset(&counts, 0, sizeof counts);
      for (int i = 0; i < 10 * (child + 1); i++) {
        void *q = counted(malloc(50), 50);
        counted_free(q, 50);
      }
      counted_free(p[child], 100);
      print_counts(&counts);
      return 0;
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
  /* The child of vfork shares our memory: what it allocates is ours. */
  pid_t pid = vfork();
  if (pid == 0) {
    void *q = counted(malloc(10), 10);
    counted_free(q, 10);
    _exit(0);
  }
  waitpid(pid, NULL, 0);
  for (int i = 0; i < 1000; i++) counted_free(p[i], 100);
  print_counts(&counts);
  return 0;
}
