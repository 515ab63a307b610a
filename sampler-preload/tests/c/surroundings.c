/* What a process does to its surroundings, or they to it. */
#include "said.h"
#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
extern char **environ;

static int works(void) { return some_calls(100), 0; }
static int descriptors_0_to_1023_closed_at_start(void) {
  for (int i = 0; i < 1024; i++) close(i);
  some_calls(50);
  CHECK(open("/dev/null", O_RDONLY) == 0 && open("/dev/null", O_RDONLY) == 1); /* none of ours is in the way */
  some_calls(50);
  pid_t pid = fork();
  if (pid == 0) {
    said_child();
    some_calls(5);
    return 0;
  }
  waitpid(pid, NULL, 0);
  return 0;
}
static int no_descriptor_of_ours_is_open(void) {
  DIR *list = opendir("/proc/self/fd");
  int n = 0;
  while (readdir(list)) n++;
  closedir(list);
  SAY("%d\n", n);
  return 0;
}
static int a_directory_changed_before_a_fork(void) {
  some_calls(3);
  CHECK(chdir("/") == 0);
  pid_t pid = fork();
  if (pid == 0) {
    said_child();
    some_calls(5);
    return 0;
  }
  waitpid(pid, NULL, 0);
  return 0;
}
static char **arguments;
static int arguments_and_environment_overwritten(void) {
  char title[] = "a title";
  for (int i = 0; environ[i]; i++) memset(environ[i], 'X', strlen(environ[i]));
  memset(arguments[0], 'Y', strlen(arguments[0])), memset(arguments[1], 'Z', strlen(arguments[1]));
  environ = NULL;
  some_calls(3);
  pid_t pid = fork();
  if (pid == 0) {
    said_child();
    some_calls(5);
    return 0;
  }
  waitpid(pid, NULL, 0);
  return 0;
}
static void parent_of_one_that_cannot(void) {
  some_calls(50);
  pid_t pid = fork();
  if (pid == 0) {
    some_calls(7);
    _exit(0);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  some_calls(50);
}
static int drops_rights(void) {
  CHECK(setgid(65534) == 0 && setuid(65534) == 0);
  return parent_of_one_that_cannot(), 0;
}
static int loses_its_place(void) {
  char path[600];
  snprintf(path, sizeof path, "%s", getenv("PLACE"));
  char moved[620];
  snprintf(moved, sizeof moved, "%s.moved", path);
  CHECK(rename(path, moved) == 0);
  parent_of_one_that_cannot();
  CHECK(rename(moved, path) == 0);
  return 0;
}
static int changes_root(void) {
  CHECK(chroot(".") == 0);
  return parent_of_one_that_cannot(), 0;
}
static int unlinks_its_live_file(void) {
  char path[600];
  snprintf(path, sizeof path, "%s.%d.live", getenv("SAMPLER_STATS_FILE") ?: "/nonexistent", getpid());
  some_calls(50);
  unlink(path);
  some_calls(50);
  return 0;
}
static pthread_barrier_t barrier;
static void *stays(void *p) {
  some_calls(1);
  pthread_barrier_wait(&barrier);
  return NULL;
}
static int seventy_threads(void) {
  pthread_t threads[70];
  pthread_barrier_init(&barrier, NULL, 70);
  for (int i = 0; i < 70; i++) CHECK(pthread_create(&threads[i], NULL, stays, NULL) == 0);
  for (int i = 0; i < 70; i++) pthread_join(threads[i], NULL);
  some_calls(30);
  return 0;
}
int main(int c, char **v) {
  arguments = v;
  MODE(works);
  MODE(descriptors_0_to_1023_closed_at_start);
  MODE(no_descriptor_of_ours_is_open);
  MODE(a_directory_changed_before_a_fork);
  MODE(arguments_and_environment_overwritten);
  MODE(drops_rights);
  MODE(loses_its_place);
  MODE(changes_root);
  MODE(unlinks_its_live_file);
  MODE(seventy_threads);
  return 99;
}
