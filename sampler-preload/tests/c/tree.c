/* Runs `true`-like children in ways that shells do. */
#include "counted.h"
#include <spawn.h>
#include <sys/wait.h>
extern char **environ;

int main(int count, char **arguments) {
  if (count > 1 && !strcmp(arguments[1], "leaf")) return 0;
  if (count > 1 && !strcmp(arguments[1], "exec")) {
    execl(arguments[0], arguments[0], "leaf", (char *)0);
    _exit(1);
  }
  if (count > 1 && !strcmp(arguments[1], "quick")) quick_exit(0);
  if (count > 1 && !strcmp(arguments[1], "underscore")) _exit(0);
  if (count > 1 && !strcmp(arguments[1], "abort")) abort();
  pid_t pid;
  char *child[] = {arguments[0], "leaf", 0};
  CHECK(posix_spawn(&pid, arguments[0], NULL, NULL, child, environ) == 0);
  CHECK(waitpid(pid, NULL, 0) == pid);
  return 0;
}
