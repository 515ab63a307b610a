/* Small stacks: modes that end well on them without the library, and `measure`, which prints the bytes of stack that each entry takes. */
#include "said.h"
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
extern pid_t _Fork(void);
extern void *__libc_malloc(size_t);

enum { ROOM = 256 * 1024, PAINT = 0xA5 };
/* The library's own stack, without its guard (`src/stack.rs`). */
enum { RECORD_STACK = 256 * 1024 };

/* The page below is not there. Of shared memory what a child did to it is seen when it is gone; one that forks needs it private. */
static unsigned char *mapped(size_t bytes, int kind) {
  unsigned char *p = mmap(NULL, bytes + 4096, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);
  CHECK(p != MAP_FAILED && !mprotect(p, 4096, PROT_NONE));
  return memset(p + 4096, PAINT, bytes);
}
static unsigned char *room_of(size_t bytes) { return mapped(bytes, MAP_PRIVATE); }
static size_t painted_over(const unsigned char *room) {
  size_t untouched = 0;
  while (untouched < ROOM && room[untouched] == PAINT) untouched++;
  return ROOM - untouched;
}

static void on_stack(unsigned char *stack, size_t bytes, void (*function)(void)) {
  static ucontext_t here, there;
  CHECK(!getcontext(&there));
  there.uc_stack.ss_sp = stack, there.uc_stack.ss_size = bytes, there.uc_link = &here;
  makecontext(&there, function, 0);
  CHECK(!swapcontext(&here, &there));
}
static void in_thread(unsigned char *stack, size_t bytes, void *(*function)(void *)) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  CHECK(!pthread_attr_setstack(&attributes, stack, bytes));
  CHECK(!pthread_create(&thread, &attributes, function, NULL));
  CHECK(!pthread_join(thread, NULL));
}
static void in_handler(unsigned char *stack, size_t bytes, void (*handler)(int)) {
  stack_t alternate = {.ss_sp = stack, .ss_size = bytes};
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  CHECK(!sigaltstack(&alternate, NULL) && !sigaction(SIGUSR1, &action, NULL));
  raise(SIGUSR1);
}

/* Each begins with what it needs, made on another stack. */
static void *small, *large, *aligned, *other, *keeper;
static void nothing(void) {}
static void calls_malloc(void) { keeper = keep(malloc(100)); }
static void calls_malloc_of_nothing(void) { keeper = keep(malloc(0)); }
static void calls_malloc_of_a_mapping(void) { keeper = keep(malloc(1 << 20)); }
static void calls_malloc_in_vain(void) { keeper = keep(malloc(PTRDIFF_MAX)); }
static void calls_calloc(void) { keeper = keep(calloc(10, 10)); }
static void calls_calloc_in_vain(void) { keeper = keep(calloc(keep(SIZE_MAX), 10)); }
static void calls_realloc(void) { small = keep(realloc(small, 1000)); }
static void calls_realloc_of_a_mapping(void) { large = keep(realloc(large, 3 << 20)); }
static void calls_realloc_of_nothing(void) { keeper = keep(realloc(NULL, 100)); }
static void calls_realloc_to_nothing(void) { keeper = keep(realloc(small, 0)); }
static void calls_realloc_in_vain(void) { keeper = keep(realloc(small, PTRDIFF_MAX)); }
static void calls_realloc_of_anothers(void) { other = keep(realloc(other, 1000)); }
static void calls_reallocarray(void) { small = keep(reallocarray(small, 10, 100)); }
static void calls_reallocarray_in_vain(void) { keeper = keep(reallocarray(small, keep(SIZE_MAX), 100)); }
static void calls_memalign(void) { keeper = keep(memalign(64, 100)); }
static void calls_memalign_of_a_page(void) { keeper = keep(memalign(4096, 100)); }
static void calls_aligned_alloc(void) { keeper = keep(aligned_alloc(64, 128)); }
static void calls_posix_memalign(void) { CHECK(!posix_memalign(&keeper, 64, 100)); }
static void calls_valloc(void) { keeper = keep(valloc(100)); }
static void calls_pvalloc(void) { keeper = keep(pvalloc(100)); }
static void calls_usable_size(void) { keep(malloc_usable_size(small)); }
static void calls_usable_size_of_a_page(void) { keep(malloc_usable_size(aligned)); }
static void calls_free(void) { free(small); }
static void calls_free_of_a_page(void) { free(aligned); }
static void calls_free_of_a_mapping(void) { free(large); }
static void calls_free_of_anothers(void) { free(other); }
static void calls_free_of_nothing(void) { free(NULL); }
/* Those of C23 and of jemalloc, where there are any. */
extern void free_sized(void *, size_t), free_aligned_sized(void *, size_t, size_t), sdallocx(void *, size_t, int), cfree(void *);
#pragma weak free_sized
#pragma weak free_aligned_sized
#pragma weak sdallocx
#pragma weak cfree
static void calls_free_sized(void) { free_sized ? free_sized(small, 100) : free(small); }
static void calls_free_aligned_sized(void) { free_aligned_sized ? free_aligned_sized(aligned, 4096, 100) : free(aligned); }
static void calls_sdallocx(void) { sdallocx ? sdallocx(small, 100, 0) : free(small); }
static void calls_cfree(void) { cfree ? cfree(small) : free(small); }

/* The child says what it has taken of its copy of the stack. */
static unsigned char *forked_room;
static volatile size_t *taken_by_child;
static void waits_for(pid_t pid) {
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && !status);
}
static void ends_child(void) { *taken_by_child = painted_over(forked_room), _exit(0); }
static void forks(void) {
  pid_t pid = fork();
  if (pid == 0) keeper = keep(malloc(100)), ends_child();
  waits_for(pid);
}
static void forks_by_a_raw_call(void) {
  pid_t pid = syscall(SYS_fork);
  if (pid == 0) keeper = keep(malloc(100)), ends_child();
  waits_for(pid);
}
static void forks_by_a_raw_call_and_frees(void) {
  pid_t pid = syscall(SYS_fork);
  if (pid == 0) free(small), ends_child();
  waits_for(pid);
}
static void exits(void) { exit(0); }
static void quick_exits(void) { quick_exit(0); }

static void *first_call(void *unused) { return keeper = keep(malloc(100)), NULL; }
static void *first_call_frees(void *unused) { return free(small), NULL; }
static void *late_calls(void *unused) {
  keeper = keep(malloc(100));
  pthread_exit(NULL);
}
static void *thread_exits(void *unused) { keeper = keep(malloc(100)), exit(0); }

static int waiting, leave;
static void *waits(void *unused) {
  keeper = keep(malloc(100));
  __atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
  while (!__atomic_load_n(&leave, __ATOMIC_SEQ_CST)) sched_yield();
  return NULL;
}
/* More threads than there are slots to begin with. */
static void fill_slots(void) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  for (int i = 0; i < 66; i++) CHECK(!pthread_create(&thread, &attributes, waits, NULL));
  while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < 66) sched_yield();
}

static void handler_allocates(int signal) { keeper = keep(realloc(keep(malloc(100)), 1000)), free(keeper); }
static void handler_exits(int signal) { exit(0); }

static void measure_in(const char *name, void (*child)(unsigned char *, void *), void *what) {
  unsigned char *room = mapped(ROOM, MAP_SHARED);
  forked_room = room_of(ROOM);
  taken_by_child = (size_t *)mapped(4096, MAP_SHARED), *taken_by_child = 0;
  pid_t pid = fork();
  if (pid == 0) {
    small = malloc(100), large = malloc(2 << 20), aligned = memalign(4096, 100), other = __libc_malloc(100);
    child(room, what);
    _exit(0);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
  SAY("%s %zu\n", name, *taken_by_child ? *taken_by_child : painted_over(room));
}
static void as_coroutine(unsigned char *room, void *what) { on_stack(room, ROOM, what); }
static void as_forking_coroutine(unsigned char *room, void *what) { on_stack(forked_room, ROOM, what); }
static void as_thread(unsigned char *room, void *what) { in_thread(room, ROOM, what); }
static void as_thread_beyond(unsigned char *room, void *what) { fill_slots(), in_thread(room, ROOM, what); }
static void as_handler(unsigned char *room, void *what) { in_handler(room, ROOM, what); }

#define MEASURE(how, what) measure_in(#what, how, (void *)what)
static int measure(void) {
  MEASURE(as_coroutine, nothing);
  MEASURE(as_coroutine, calls_malloc);
  MEASURE(as_coroutine, calls_malloc_of_nothing);
  MEASURE(as_coroutine, calls_malloc_of_a_mapping);
  MEASURE(as_coroutine, calls_malloc_in_vain);
  MEASURE(as_coroutine, calls_calloc);
  MEASURE(as_coroutine, calls_calloc_in_vain);
  MEASURE(as_coroutine, calls_realloc);
  MEASURE(as_coroutine, calls_realloc_of_a_mapping);
  MEASURE(as_coroutine, calls_realloc_of_nothing);
  MEASURE(as_coroutine, calls_realloc_to_nothing);
  MEASURE(as_coroutine, calls_realloc_in_vain);
  MEASURE(as_coroutine, calls_realloc_of_anothers);
  MEASURE(as_coroutine, calls_reallocarray);
  MEASURE(as_coroutine, calls_reallocarray_in_vain);
  MEASURE(as_coroutine, calls_memalign);
  MEASURE(as_coroutine, calls_memalign_of_a_page);
  MEASURE(as_coroutine, calls_aligned_alloc);
  MEASURE(as_coroutine, calls_posix_memalign);
  MEASURE(as_coroutine, calls_valloc);
  MEASURE(as_coroutine, calls_pvalloc);
  MEASURE(as_coroutine, calls_usable_size);
  MEASURE(as_coroutine, calls_usable_size_of_a_page);
  MEASURE(as_coroutine, calls_free);
  MEASURE(as_coroutine, calls_free_of_a_page);
  MEASURE(as_coroutine, calls_free_of_a_mapping);
  MEASURE(as_coroutine, calls_free_of_anothers);
  MEASURE(as_coroutine, calls_free_of_nothing);
  MEASURE(as_coroutine, calls_free_sized);
  MEASURE(as_coroutine, calls_free_aligned_sized);
  MEASURE(as_coroutine, calls_sdallocx);
  MEASURE(as_coroutine, calls_cfree);
  MEASURE(as_forking_coroutine, forks);
  MEASURE(as_forking_coroutine, forks_by_a_raw_call);
  MEASURE(as_forking_coroutine, forks_by_a_raw_call_and_frees);
  MEASURE(as_coroutine, exits);
  MEASURE(as_coroutine, quick_exits);
  MEASURE(as_thread, first_call);
  MEASURE(as_thread, first_call_frees);
  MEASURE(as_thread, late_calls);
  MEASURE(as_thread, thread_exits);
  measure_in("first_call_beyond_the_first_slots", as_thread_beyond, first_call);
  MEASURE(as_handler, handler_allocates);
  MEASURE(as_handler, handler_exits);
  return 0;
}

/* A process that shares our memory outlives us, and looks at the stack that the library wrote its record on, which lies so far from where it is mapped. */
static int result[2];
static size_t stack_offset;
static int looks_at_the_librarys_stack(void *parent) {
  while (getppid() == (intptr_t)parent) sched_yield();
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[4200], *start = NULL;
  while (fgets(line, sizeof line, maps) && !start)
    if (strstr(line, "libsampler_preload.so")) CHECK(sscanf(line, "%p-", &start) == 1);
  CHECK(start);
  start += stack_offset;
  char *lowest = start;
  while (lowest < start + RECORD_STACK && !*lowest) lowest++;
  size_t taken = start + RECORD_STACK - lowest;
  CHECK(write(result[1], &taken, sizeof taken) == sizeof taken);
  _exit(0);
}
static int measure_record(const char *offset) {
  stack_offset = strtoul(offset, NULL, 16);
  CHECK(!pipe(result));
  unsigned char *stack = room_of(ROOM);
  pid_t pid = fork();
  if (pid == 0) {
    for (int i = 0; i < 5000; i++) free(keep(malloc(i * 7 % 100000)));
    CHECK(clone(looks_at_the_librarys_stack, stack + ROOM, CLONE_VM | SIGCHLD, (void *)(intptr_t)getpid()) > 0);
    exit(0);
  }
  size_t taken;
  close(result[1]);
  CHECK(waitpid(pid, NULL, 0) == pid);
  CHECK(read(result[0], &taken, sizeof taken) == sizeof taken);
  SAY("%zu\n", taken);
  return 0;
}

static void some_calls_each(void) { some_calls(300); }
static int coroutines_of_4_kib(void) {
  for (int i = 0; i < 3; i++) on_stack(room_of(4096), 4096, some_calls_each);
  SAY("done\n");
  return 0;
}
static void forks_and_counts(void) {
  pid_t pid = fork();
  if (pid == 0) said_child(), some_calls(20), exit(3);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3);
}
static int a_fork_on_a_coroutine_of_8_kib(void) {
  some_calls(10);
  on_stack(room_of(8192), 8192, forks_and_counts);
  return 0;
}
static void exits_with_7(void) { some_calls(5), exit(7); }
static int an_exit_on_a_coroutine_of_4_kib(void) { return on_stack(room_of(4096), 4096, exits_with_7), 1; }
static void quick_exits_with_7(void) { some_calls(5), quick_exit(7); }
static int a_quick_exit_on_a_coroutine_of_4_kib(void) { return on_stack(room_of(4096), 4096, quick_exits_with_7), 1; }
static void *thread_exits_with_7(void *unused) { exits_with_7(); }
static int an_exit_in_a_thread_on_the_smallest_stack(void) {
  in_thread(room_of(PTHREAD_STACK_MIN), PTHREAD_STACK_MIN, thread_exits_with_7);
  return 1;
}
static void *forks_in_thread(void *unused) {
  forks_and_counts();
  return NULL;
}
static int a_fork_in_a_thread_on_the_smallest_stack(void) {
  some_calls(10);
  in_thread(room_of(PTHREAD_STACK_MIN), PTHREAD_STACK_MIN, forks_in_thread);
  return 0;
}
/* The child's only thread is on the smallest stack, and the child ends with it. */
static void *forks_and_ends(void *unused) {
  pid_t pid = fork();
  if (pid == 0) said_child(), some_calls(20), pthread_exit(NULL);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  SAY("%d\n", status);
  return NULL;
}
static int the_last_thread_of_a_child_ends_on_the_smallest_stack(void) {
  some_calls(10);
  in_thread(room_of(PTHREAD_STACK_MIN), PTHREAD_STACK_MIN, forks_and_ends);
  return 0;
}
/* What the kernel puts there is larger than MINSIGSTKSZ where registers are. */
static size_t signal_frame(void) { return sysconf(_SC_MINSIGSTKSZ) > MINSIGSTKSZ ? sysconf(_SC_MINSIGSTKSZ) : MINSIGSTKSZ; }
static size_t pages(size_t bytes) { return (bytes + 4095) / 4096 * 4096; }
static void handler_calls(int signal) { some_calls(50); }
static void handler_frees(int signal) {
  void *p = Malloc(100);
  Free(p, 100);
}
static int a_handler_on_the_smallest_alternate_stack(void) {
  size_t bytes = signal_frame() + 1024;
  for (int i = 0; i < 20; i++) in_handler(room_of(pages(bytes)) + pages(bytes) - bytes, bytes, handler_frees);
  SAY("done\n");
  return 0;
}
static int a_handler_on_an_alternate_stack_of_8_kib(void) {
  in_handler(room_of(8192), 8192, handler_calls);
  SAY("done\n");
  return 0;
}
static void handler_exits_with_7(int signal) { some_calls(5), exit(7); }
static int a_handler_on_an_alternate_stack_of_8_kib_exits(void) { return in_handler(room_of(8192), 8192, handler_exits_with_7), 1; }
static int a_handler_on_an_alternate_stack_of_12_kib_exits(void) { return in_handler(room_of(12288), 12288, handler_exits_with_7), 1; }
static void handler_forks(int signal) { forks_and_counts(); }
static int a_handler_on_an_alternate_stack_of_12_kib_forks(void) { return in_handler(room_of(12288), 12288, handler_forks), 0; }

/* By the two ways of ending, each of which has the record written. */
static pthread_barrier_t both;
static void *one_exits(void *unused) {
  pthread_barrier_wait(&both);
  exit(7);
}
static int two_threads_end_the_process_at_once(void) {
  pthread_t thread;
  pthread_barrier_init(&both, NULL, 2);
  CHECK(!pthread_create(&thread, NULL, one_exits, NULL));
  some_calls(10);
  pthread_barrier_wait(&both);
  quick_exit(7);
}

/* A handler that interrupts the writing of the record, on whatever stack that is, and needs more than a page of it. */
static volatile int handled;
static void handler_needs_room(int signal) {
  volatile char room[32768];
  for (int i = 0; i < sizeof room; i += 512) room[i] = i;
  handled++;
}
static pthread_t main_thread;
static void *signals_main(void *unused) {
  for (;;) pthread_kill(main_thread, SIGUSR1);
}
static int a_signal_while_the_record_is_written(void) {
  struct sigaction action = {.sa_handler = handler_needs_room, .sa_flags = SA_RESTART};
  CHECK(!sigaction(SIGUSR1, &action, NULL));
  pthread_t thread;
  main_thread = pthread_self();
  CHECK(!pthread_create(&thread, NULL, signals_main, NULL));
  while (handled < 100) {}
  some_calls(10);
  return 4;
}

int main(int c, char **v) {
  MODE(measure);
  if (!strcmp(v[1], "measure_record")) return measure_record(v[2]);
  MODE(coroutines_of_4_kib);
  MODE(a_fork_on_a_coroutine_of_8_kib);
  MODE(an_exit_on_a_coroutine_of_4_kib);
  MODE(a_quick_exit_on_a_coroutine_of_4_kib);
  MODE(an_exit_in_a_thread_on_the_smallest_stack);
  MODE(a_fork_in_a_thread_on_the_smallest_stack);
  MODE(the_last_thread_of_a_child_ends_on_the_smallest_stack);
  MODE(a_handler_on_the_smallest_alternate_stack);
  MODE(a_handler_on_an_alternate_stack_of_8_kib);
  MODE(a_handler_on_an_alternate_stack_of_8_kib_exits);
  MODE(a_handler_on_an_alternate_stack_of_12_kib_exits);
  MODE(a_handler_on_an_alternate_stack_of_12_kib_forks);
  MODE(two_threads_end_the_process_at_once);
  MODE(a_signal_while_the_record_is_written);
  return 99;
}
