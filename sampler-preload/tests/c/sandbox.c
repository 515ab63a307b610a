/* Under a filter of system calls that stands once the program has begun: it lets by what the same program calls without the library, with arguments that the kernel knows. */
#include "said.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
extern void *__libc_malloc(size_t), *__libc_memalign(size_t, size_t);
extern int mallctl(void), mi_malloc(void), tc_malloc(void);
#pragma weak mallctl
#pragma weak mi_malloc
#pragma weak tc_malloc

/* What memory takes, and what writing and ending do. */
static const int of_memory[] = {SYS_mmap,   SYS_munmap, SYS_mprotect, SYS_mremap,     SYS_brk,   SYS_madvise,
                                SYS_futex,  SYS_write,  SYS_exit,     SYS_exit_group, SYS_clock_gettime};
/* What threads take besides. */
static const int of_threads[] = {SYS_clone3, SYS_clone, SYS_set_robust_list, SYS_rseq, SYS_sched_getaffinity, SYS_rt_sigaction};
/* What mimalloc takes besides, in each thread. */
static const int of_mimalloc[] = {SYS_getrandom, SYS_access, SYS_getcpu, SYS_prctl};
/* What forking takes besides. */
static const int of_forks[] = {SYS_clone3, SYS_clone, SYS_set_robust_list, SYS_wait4};

enum { REFUSES = SECCOMP_RET_ERRNO | EPERM, LACKS = SECCOMP_RET_ERRNO | ENOSYS };
#define KILLS SECCOMP_RET_KILL_PROCESS

static struct sock_filter code[128];
static unsigned short used;
static void add(unsigned short op, unsigned char yes, unsigned char no, unsigned k) {
  code[used++] = (struct sock_filter){op, yes, no, k};
}
static void allow(const int *calls, int count) {
  for (int i = 0; i < count; i++) {
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, calls[i]);
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
  }
}
#define ALLOW(calls) allow(calls, sizeof calls / sizeof *calls)
static void install(unsigned refusal) {
  /* A mask of signals, with one of the three ways of changing it. */
  add(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_rt_sigprocmask);
  add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[0]));
  add(BPF_JMP | BPF_JGT | BPF_K, 1, 0, SIG_SETMASK);
  add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
  add(BPF_RET | BPF_K, 0, 0, refusal);
  struct sock_fprog program = {used, code};
  CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  CHECK(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}
static void begin_filter(void) { add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)); }
static void filter(unsigned refusal) { begin_filter(), ALLOW(of_memory), install(refusal); }
static void filter_threads(unsigned refusal) {
  /* With more, glibc itself opens files: that which tells of processors, and that of overcommitment. */
  if (refusal == KILLS) mallopt(M_ARENA_MAX, 1);
  some_calls(1); /* its first call asks for random bytes */
  begin_filter(), ALLOW(of_memory), ALLOW(of_threads);
  if (mi_malloc) ALLOW(of_mimalloc);
  install(refusal);
}
static void filter_forks(unsigned refusal) { begin_filter(), ALLOW(of_memory), ALLOW(of_forks), install(refusal); }

enum { BLOCKS = 4096, THREADS = 40 };
struct block {
  unsigned char *p;
  size_t size;
  unsigned seed;
};
static struct block blocks[THREADS][BLOCKS];

static size_t any_size(uint64_t *random) {
  uint64_t r = next_random(random);
  return r % 64 == 0 ? r / 64 % 20000 : r % 1024 == 1 ? 200000 + r / 1024 % 200000 : r / 64 % 300;
}
static void take(struct block *b, uint64_t *random) {
  size_t size = b->size = any_size(random);
  uint64_t how = next_random(random) % 64;
  b->seed = how;
  if (how < 50) b->p = Malloc(size);
  else if (how < 57) b->p = Calloc(1, size);
  else if (how < 62) b->p = Memalign(16 << next_random(random) % 11, size);
  else if (how < 63 || mallctl) b->p = said(size, valloc(size)); /* jemalloc has no pvalloc */
  else b->size = (size + 4095) / 4096 * 4096, b->p = said(b->size, pvalloc(size));
  CHECK(b->p && malloc_usable_size(b->p) >= b->size);
  if (how >= 50 && how < 57)
    for (size_t i = 0; i < size; i++) CHECK(!b->p[i]);
  fill(b->p, b->size, b->seed);
}
static void move(struct block *b, uint64_t *random) {
  size_t size = any_size(random) + 1;
  b->p = Realloc(b->p, b->size, size);
  CHECK(b->p);
  check_filled(b->p, size < b->size ? size : b->size, b->seed);
  b->size = size;
  fill(b->p, size, b->seed);
}
static void give(struct block *b) {
  check_filled(b->p, b->size, b->seed);
  Free(b->p, b->size);
}
/* Blocks at every place in a page, until several are at its start. */
static void work(struct block *blocks, uint64_t seed, int starts) {
  uint64_t random = seed;
  int at_start = 0;
  for (int round = 0; at_start < starts && round < 1000; round++) {
    for (int i = 0; i < BLOCKS; i++) take(&blocks[i], &random), at_start += ((uintptr_t)blocks[i].p & 4095) < 16;
    for (int i = 0; i < BLOCKS; i += 2) move(&blocks[i], &random), at_start += ((uintptr_t)blocks[i].p & 4095) < 16;
    for (int i = 0; i < BLOCKS; i += 3) give(&blocks[i]), take(&blocks[i], &random);
    for (int i = 0; i < BLOCKS; i++) give(&blocks[i]);
  }
  CHECK(at_start >= starts);
}
/* Every 16th of a page has had a block. Others than glibc have places for some sizes alone. */
static void every_place(void) {
  static char seen[256];
  uint64_t random = 5;
  int places = 0, taken = 0;
  int wanted = mallctl || mi_malloc || tc_malloc ? 100 : 256;
  while (places < wanted && taken < THREADS * BLOCKS) {
    struct block *b = &blocks[0][taken++];
    take(b, &random);
    int place = ((uintptr_t)b->p & 4095) / 16;
    places += !seen[place], seen[place] = 1;
  }
  CHECK(places >= wanted);
  for (int i = 0; i < taken; i++) give(&blocks[0][i]);
}
static void foreign(void) {
  if (mallctl || mi_malloc || tc_malloc) return; /* glibc's blocks are not theirs */
  for (int i = 0; i < 300; i++) {
    void *p = __libc_memalign(4096, 100 + i), *q = __libc_malloc(i * 16);
    CHECK(malloc_usable_size(p) >= 100 + i);
    if (i % 2) p = Realloc_foreign(p, 5000);
    Free_foreign(p), Free_foreign(q);
  }
}
static void alone_but_for_foreign(unsigned refusal) {
  work(blocks[0], 1, 8);
  struct block before[64];
  uint64_t random = 3;
  for (int i = 0; i < 64; i++) take(&before[i], &random);
  filter(refusal);
  work(blocks[0], 2, 8);
  every_place();
  for (int i = 0; i < 64; i++) move(&before[i], &random), give(&before[i]);
}
static int alone(unsigned refusal) {
  alone_but_for_foreign(refusal);
  foreign();
  SAY("done\n");
  return 0;
}
static pthread_barrier_t all;
static void *threads_work(void *number) {
  int n = (intptr_t)number;
  uint64_t random = n + 100;
  for (int i = 0; i < 200; i++) take(&blocks[n][i], &random);
  pthread_barrier_wait(&all);
  /* What another has allocated. */
  for (int i = 0; i < 200; i++) move(&blocks[(n + 1) % THREADS][i], &random), give(&blocks[(n + 1) % THREADS][i]);
  pthread_barrier_wait(&all);
  if (n < 4) work(blocks[n], n, 2);
  return NULL;
}
static void with_threads(unsigned refusal) {
  pthread_barrier_init(&all, NULL, THREADS);
  filter_threads(refusal);
  pthread_t threads[THREADS];
  for (intptr_t i = 0; i < THREADS; i++) CHECK(!pthread_create(&threads[i], NULL, threads_work, (void *)i));
  for (int i = 0; i < THREADS; i++) CHECK(!pthread_join(threads[i], NULL));
  foreign();
  SAY("done\n");
}
static void *exits(void *unused) {
  some_calls(3);
  exit(7);
}

static int a_filter_that_refuses(void) { return alone(REFUSES); }
static int a_filter_that_knows_no_other_calls(void) { return alone(LACKS); }
static int a_filter_that_kills(void) { return alone(KILLS); }
static int a_filter_behind_which_another_allocator_serves(void) { return alone_but_for_foreign(KILLS), 0; }
static int a_filter_that_kills_at_quick_exit(void) { return some_calls(1), filter(KILLS), some_calls(9), quick_exit(5), 1; }
static int a_filter_that_kills_at_exit_in_a_thread(void) {
  filter_threads(KILLS);
  pthread_t thread;
  CHECK(!pthread_create(&thread, NULL, exits, NULL));
  pthread_join(thread, NULL);
  return 1;
}
static int a_filter_that_refuses_threads(void) { return with_threads(REFUSES), 0; }
static int a_filter_that_knows_no_other_calls_of_threads(void) { return with_threads(LACKS), 0; }
static int a_filter_that_kills_threads(void) { return with_threads(KILLS), 0; }
/* Not of the table of behaviours: children may not create a record, which is a loss. */
static int forks(unsigned refusal) {
  uint64_t random = 4;
  for (int i = 0; i < BLOCKS; i++) take(&blocks[0][i], &random);
  filter_forks(refusal);
  for (int i = 0; i < 3; i++) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      for (int i = 0; i < BLOCKS; i++) move(&blocks[0][i], &random), give(&blocks[0][i]);
      work(blocks[1], 6, 4);
      exit(3);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3);
  }
  for (int i = 0; i < BLOCKS; i++) give(&blocks[0][i]);
  SAY("done\n");
  return 0;
}
static int forks_under_a_filter_that_refuses(void) { return forks(REFUSES); }
static int forks_under_a_filter_that_kills(void) { return forks(KILLS); }
static int forks_under_a_filter_that_knows_no_other_calls(void) { return forks(LACKS); }
/* Even the memory for counters of its own. */
static int forks_under_a_filter_that_maps_nothing_at_an_address(void) {
  begin_filter();
  add(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_mmap);
  add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[3]));
  add(BPF_JMP | BPF_JSET | BPF_K, 1, 0, MAP_FIXED);
  add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
  add(BPF_RET | BPF_K, 0, 0, REFUSES);
  return forks(REFUSES);
}
/* The parent's part of them. */
static int forks_not(void) {
  uint64_t random = 4;
  for (int i = 0; i < BLOCKS; i++) take(&blocks[0][i], &random);
  for (int i = 0; i < BLOCKS; i++) give(&blocks[0][i]);
  SAY("done\n");
  return 0;
}
/* Starts itself anew under a filter that refuses one call, so that it is there before the library is. */
static int starts_without(char **v) {
  static const struct {
    const char *name;
    int number;
  } calls[] = {{"getpid", SYS_getpid},       {"getppid", SYS_getppid},     {"fallocate", SYS_fallocate}, {"madvise", SYS_madvise},
               {"getrandom", SYS_getrandom}, {"prlimit64", SYS_prlimit64}, {"getcwd", SYS_getcwd},       {"access", SYS_access}};
  for (int i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (strcmp(v[2], calls[i].name)) continue;
    begin_filter();
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, calls[i].number);
    add(BPF_RET | BPF_K, 0, 0, REFUSES);
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {used, code};
    CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
    execl("/proc/self/exe", v[0], "forks_of_every_kind", NULL);
  }
  return 99;
}
static int forks_of_every_kind(void) {
  for (int kind = 0; kind < 2; kind++) {
    pid_t pid = kind ? syscall(SYS_fork) : fork();
    if (pid == 0) some_calls(20), exit(3);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3);
  }
  work(blocks[0], 9, 4);
  SAY("done\n");
  return 0;
}
int main(int c, char **v) {
  if (c == 3) return starts_without(v);
  MODE(forks_of_every_kind);
  MODE(a_filter_that_refuses);
  MODE(a_filter_that_knows_no_other_calls);
  MODE(a_filter_that_kills);
  MODE(a_filter_behind_which_another_allocator_serves);
  MODE(a_filter_that_kills_at_quick_exit);
  MODE(a_filter_that_kills_at_exit_in_a_thread);
  MODE(a_filter_that_refuses_threads);
  MODE(a_filter_that_knows_no_other_calls_of_threads);
  MODE(a_filter_that_kills_threads);
  MODE(forks_not);
  MODE(forks_under_a_filter_that_refuses);
  MODE(forks_under_a_filter_that_kills);
  MODE(forks_under_a_filter_that_knows_no_other_calls);
  MODE(forks_under_a_filter_that_maps_nothing_at_an_address);
  return 99;
}
