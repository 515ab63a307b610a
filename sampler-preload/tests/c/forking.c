/* Children of every kind: each starts from zero, none reports its parent's calls, none of its own reach the parent. */
#include "said.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
extern char **environ;
static char *self = "/proc/self/exe";

static void wait_for(pid_t pid) {
  int status;
  CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
  if (status) SAY("child ended with %x\n", status);
}
static int fork_in_a_plain_process(void) {
  void *p[100];
  for (int i = 0; i < 100; i++) p[i] = Malloc(100 + i);
  for (int child = 0; child < 5; child++) {
    pid_t pid = fork();
    if (pid == 0) {
      said_child();
      some_calls(10 + child);
      for (int i = 0; i < 50; i++) Free(p[i], 100 + i);
      p[60] = Realloc(p[60], 160, 10000);
      check_filled(p[60], 0, 0);
      return 0;
    }
    wait_for(pid);
    some_calls(3);
  }
  for (int i = 0; i < 100; i++) Free(p[i], 100 + i);
  return 0;
}
static atomic_int stop, running;
static void *allocates(void *seed) {
  uint64_t random = (uintptr_t)seed;
  atomic_fetch_add(&running, 1);
  while (!stop) {
    size_t size = next_random(&random) % 2000;
    void *p = Malloc(size);
    p = Realloc(p, size, size + 100);
    Free(p, size + 100);
    if (!(random % 64)) Free(Memalign(64, 5000), 5000);
  }
  return NULL;
}
/* Threads on stacks of our own: each costs one calloc and one free of pthread's, whose number is thus known but whose size is not. */
static pthread_t threads[700];
static void start_threads(int n, void *(*work)(void *)) {
  stop = running = 0;
  for (int i = 0; i < n; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)) == 0);
  while (running < n) sched_yield();
}
static void stop_threads(int n) {
  stop = 1;
  for (int i = 0; i < n; i++) pthread_join(threads[i], NULL);
}
static int fork_while_other_threads_are_inside_malloc(void) {
  start_threads(3, allocates);
  for (int child = 0; child < 20; child++) {
    pid_t pid = fork();
    if (pid == 0) {
      said_child();
      some_calls(20);
      _exit(0);
    }
    wait_for(pid);
  }
  stop_threads(3);
  return 0;
}
static void *forks(void *unused) {
  for (int i = 0; i < 10; i++) {
    some_calls(5);
    pid_t pid = fork();
    if (pid == 0) {
      said_child();
      some_calls(7);
      exit(0);
    }
    wait_for(pid);
  }
  return NULL;
}
static int fork_from_several_threads_at_once(void) {
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, forks, NULL) == 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  return 0;
}
/* Threads that each hold a slot and wait. */
static pthread_barrier_t all_hold_a_slot;
static void *holds_a_slot(void *unused) {
  Free(Malloc(10), 10);
  pthread_barrier_wait(&all_hold_a_slot);
  pthread_barrier_wait(&all_hold_a_slot);
  some_calls(2);
  return NULL;
}
static void hold_slots(int n) {
  pthread_barrier_init(&all_hold_a_slot, NULL, n + 1);
  for (int i = 0; i < n; i++) CHECK(pthread_create(&threads[i], NULL, holds_a_slot, NULL) == 0);
  pthread_barrier_wait(&all_hold_a_slot);
}
static void give_slots_back(int n) {
  pthread_barrier_wait(&all_hold_a_slot);
  for (int i = 0; i < n; i++) pthread_join(threads[i], NULL);
}
static int fork_with_a_hundred_threads_alive(void) {
  hold_slots(100);
  pid_t pid = fork();
  if (pid == 0) {
    said_child();
    some_calls(20);
    hold_slots(30);
    give_slots_back(30);
    return 0;
  }
  wait_for(pid);
  give_slots_back(100);
  return 0;
}
static volatile sig_atomic_t handled;
static void fork_in_handler(int signal) {
  if (handled >= 40) return;
  handled++;
  pid_t pid = fork();
  if (pid == 0) {
    said_child();
    for (int i = 0; i < 5; i++) Free(Malloc(40), 40); /* a size that the thread's cache holds: glibc's lock may be held */
    _exit(0);
  }
  int status, before = errno;
  while (waitpid(pid, &status, 0) < 0) {}
  if (status) _exit(50);
  errno = before;
}
static int fork_from_a_signal_handler_inside_malloc(void) {
  for (size_t size = 24; size <= 88; size += 8) Free(Malloc(size), size);
  struct sigaction action = {.sa_handler = fork_in_handler};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 200}, {0, 200}};
  setitimer(ITIMER_REAL, &timer, NULL);
  while (handled < 40) {
    void *p = Malloc(300);
    Free(p, 300);
  }
  memset(&timer, 0, sizeof timer);
  setitimer(ITIMER_REAL, &timer, NULL);
  signal(SIGALRM, SIG_IGN);
  return 0;
}
static int forks_within_forks(void) {
  for (int depth = 0; depth < 6; depth++) {
    some_calls(depth + 1);
    pid_t pid = fork();
    if (pid) {
      wait_for(pid);
      some_calls(2);
      return 0;
    }
    said_child();
  }
  some_calls(9);
  return 0;
}
static int a_daemon_counts_for_itself(void) {
  some_calls(5);
  /* Twice forked, in a session of its own; the first of the children waits, so that the run ends after it. */
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    said_child();
    some_calls(1);
    if (fork()) _exit(0);
    said_child();
    setsid();
    CHECK(chdir("/") == 0);
    some_calls(20);
    CHECK(write(ends[1], "x", 1) == 1);
    return 0;
  }
  wait_for(pid);
  close(ends[1]);
  char byte;
  CHECK(read(ends[0], &byte, 1) == 1 && read(ends[0], &byte, 1) == 0);
  return 0;
}
static int daemon_3_counts_for_itself(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    said_child();
    some_calls(1);
    CHECK(daemon(0, 1) == 0);
    said_child();
    some_calls(20);
    CHECK(write(ends[1], "x", 1) == 1);
    return 0;
  }
  wait_for(pid);
  close(ends[1]);
  char byte;
  CHECK(read(ends[0], &byte, 1) == 1 && read(ends[0], &byte, 1) == 0);
  return 0;
}
static int leaf(void) {
  some_calls(4);
  return 0;
}
static int vfork_and_exec(void) {
  for (int i = 0; i < 10; i++) {
    some_calls(2);
    pid_t pid = vfork();
    if (pid == 0) {
      Free(Malloc(60), 60); /* in the parent's memory: the parent's */
      execl(self, self, "leaf", (char *)0);
      _exit(1);
    }
    wait_for(pid);
  }
  return 0;
}
static int posix_spawn_runs_others(void) {
  char *arguments[] = {self, "leaf", NULL};
  for (int i = 0; i < 10; i++) {
    pid_t pid;
    CHECK(posix_spawn(&pid, self, NULL, NULL, arguments, environ) == 0);
    wait_for(pid);
  }
  return 0;
}
static int exec_in_the_same_pid(void) {
  some_calls(11);
  execl(self, self, "leaf", (char *)0);
  return 1;
}
static int exec_from_a_thread_among_others(void);
static void *execs(void *unused) {
  some_calls(3);
  execl(self, self, "leaf", (char *)0);
  _exit(1);
}
static int exec_from_a_thread_among_others(void) {
  start_threads(3, allocates);
  pthread_create(&threads[3], NULL, execs, NULL);
  pthread_join(threads[3], NULL);
  return 1;
}
static int a_failed_exec_changes_nothing(void) {
  some_calls(5);
  CHECK(execl("/nonexistent", "x", (char *)0) < 0);
  some_calls(5);
  return 0;
}
static pid_t raw_fork(void) { return syscall(SYS_fork); }
static pid_t raw_clone(void) { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
#pragma weak _Fork
pid_t _Fork(void);
static void children_without_handlers(pid_t (*fork_some_way)(void)) {
  void *p[50];
  for (int i = 0; i < 50; i++) p[i] = Malloc(100);
  for (int child = 0; child < 6; child++) {
    pid_t pid = fork_some_way();
    if (pid == 0) {
      said_child();
      /* Its first call is of any kind. */
      if (child == 0) Free(Malloc(10), 10);
      if (child == 1) Free(p[1], 100);
      if (child == 2) p[2] = Realloc(p[2], 100, 4000);
      if (child == 3) CHECK(malloc_usable_size(p[3]) >= 100);
      if (child == 4) Free(Calloc(3, 3), 9);
      if (child == 5) Free(Memalign(4096, 9), 9);
      some_calls(10);
      Free(p[10], 100);
      if (child % 2) _exit(0);
      exit(0);
    }
    wait_for(pid);
    some_calls(1);
  }
  for (int i = 0; i < 50; i++) Free(p[i], 100);
}
static int a_raw_fork_starts_from_zero(void) { return children_without_handlers(raw_fork), 0; }
static int a_raw_clone_starts_from_zero(void) { return children_without_handlers(raw_clone), 0; }
static int underscore_Fork_starts_from_zero(void) { return children_without_handlers(_Fork), 0; }
static int in_clone(void *unused) {
  some_calls(10);
  return 0;
}
static char clone_stack[1 << 18] __attribute__((aligned(64)));
static int clone_with_shared_memory_counts_as_its_parent(void) {
  some_calls(3);
  pid_t pid = clone(in_clone, clone_stack + sizeof clone_stack, CLONE_VM | SIGCHLD, NULL);
  wait_for(pid);
  some_calls(3);
  return 0;
}
static int in_clone_of_its_own(void *unused) {
  said_child();
  some_calls(10);
  _exit(0);
}
static int clone_on_a_stack_of_its_own_starts_from_zero(void) {
  some_calls(3);
  pid_t pid = clone(in_clone_of_its_own, clone_stack + sizeof clone_stack, SIGCHLD, NULL);
  wait_for(pid);
  some_calls(3);
  return 0;
}
static int a_killed_child_leaves_its_counts(void) {
  some_calls(3);
  pid_t pid = fork();
  if (pid == 0) {
    said_child();
    some_calls(17);
    kill(getpid(), SIGKILL);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
  return 0;
}
/* Handlers of the program's own, which allocate. */
static void prepare(void) { Free(Malloc(31), 31); }
static void in_parent(void) { Free(Malloc(32), 32); }
static void in_child(void) { said_child(), Free(Malloc(33), 33); }
static int fork_handlers_that_allocate(void) {
  CHECK(pthread_atfork(prepare, in_parent, in_child) == 0);
  begin_alloc(0), end_alloc((void *)1, 0); /* pthread_atfork's own list grows by a block now and then */
  ADD(tally()->before.allocs, -1), ADD(tally()->after.allocs, -1), ADD(tally()->before.zero, -1), ADD(tally()->after.zero, -1);
  for (int i = 0; i < 10; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      some_calls(3);
      exit(0);
    }
    wait_for(pid);
  }
  return 0;
}
static int system_and_popen_run_shells(void) {
  CHECK(system("exit 3") == 3 << 8);
  FILE *pipe = popen("echo from a shell", "r");
  char line[50] = "";
  CHECK(pipe && fgets(line, 50, pipe) && pclose(pipe) == 0);
  SAY("%s", line);
  return 0;
}
static int a_hundred_children_at_once(void) {
  pid_t pids[100];
  for (int i = 0; i < 100; i++) {
    pids[i] = fork();
    if (pids[i] == 0) {
      said_child();
      some_calls(i);
      Free(Malloc(1), 1);
      exit(0);
    }
  }
  for (int i = 0; i < 100; i++) wait_for(pids[i]);
  return 0;
}
static int a_child_that_never_allocates_leaves_a_record(void) {
  some_calls(3);
  for (int i = 0; i < 3; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      said_child();
      _exit(0);
    }
    wait_for(pid);
  }
  return 0;
}
/* A child made in the middle of a call, in a thread whose slot is not one of the first: what is left of the call must not reach the parent's file. The child
   says nothing of itself, since nobody can know whether that call is its own. */
static volatile sig_atomic_t is_child;
static void fork_and_go_on(int signal) {
  if (is_child) return;
  pid_t pid = fork();
  if (pid == 0) {
    /* The same goes for the counts that the program keeps: the interrupted line may hold an address in the parent's file. */
    mmap(tally_file, sizeof *tally_file, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    is_child = 1;
    return;
  }
  int status, before = errno;
  while (waitpid(pid, &status, 0) < 0) {}
  errno = before;
  handled++;
}
static void *is_interrupted(void *unused) {
  for (size_t size = 24; size <= 88; size += 8) Free(Malloc(size), size);
  atomic_fetch_add(&running, 1);
  while (!stop && !is_child) Free(Malloc(40), 40); /* from the thread's cache: no lock of glibc's is held */
  if (is_child) _exit(0);
  return NULL;
}
enum { HOLD = 68 }; /* with the main thread, more than the first slots */
static char own_stacks[HOLD + 1][1 << 17] __attribute__((aligned(4096)));
static int the_rest_of_an_interrupted_call_stays_in_the_child(void) {
  pthread_attr_t attributes;
  pthread_barrier_init(&all_hold_a_slot, NULL, HOLD + 1);
  for (int i = 0; i <= HOLD; i++) {
    /* On stacks of ours: each costs one block of pthread's, every time. */
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, own_stacks[i], sizeof own_stacks[i]);
    if (i == HOLD) pthread_barrier_wait(&all_hold_a_slot);
    CHECK(pthread_create(&threads[i], &attributes, i < HOLD ? holds_a_slot : is_interrupted, NULL) == 0);
  }
  signal(SIGUSR1, fork_and_go_on);
  while (!running) sched_yield();
  for (int i = 0; i < 60; i++) {
    pthread_kill(threads[HOLD], SIGUSR1);
    while (handled <= i) sched_yield();
  }
  stop = 1;
  pthread_join(threads[HOLD], NULL);
  pthread_barrier_wait(&all_hold_a_slot);
  for (int i = 0; i < HOLD; i++) pthread_join(threads[i], NULL);
  return 0;
}
int main(int c, char **v) {
  MODE(leaf);
  MODE(a_child_that_never_allocates_leaves_a_record);
  MODE(the_rest_of_an_interrupted_call_stays_in_the_child);
  MODE(fork_in_a_plain_process);
  MODE(fork_while_other_threads_are_inside_malloc);
  MODE(fork_from_several_threads_at_once);
  MODE(fork_with_a_hundred_threads_alive);
  MODE(fork_from_a_signal_handler_inside_malloc);
  MODE(forks_within_forks);
  MODE(a_daemon_counts_for_itself);
  MODE(daemon_3_counts_for_itself);
  MODE(vfork_and_exec);
  MODE(posix_spawn_runs_others);
  MODE(exec_in_the_same_pid);
  MODE(exec_from_a_thread_among_others);
  MODE(a_failed_exec_changes_nothing);
  MODE(a_raw_fork_starts_from_zero);
  MODE(a_raw_clone_starts_from_zero);
  MODE(underscore_Fork_starts_from_zero);
  MODE(clone_with_shared_memory_counts_as_its_parent);
  MODE(clone_on_a_stack_of_its_own_starts_from_zero);
  MODE(a_killed_child_leaves_its_counts);
  MODE(fork_handlers_that_allocate);
  MODE(system_and_popen_run_shells);
  MODE(a_hundred_children_at_once);
  return 99;
}
