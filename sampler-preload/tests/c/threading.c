/* Threads in every number and manner of beginning and ending. */
#include "said.h"
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

static pthread_t threads[700];
static atomic_int running, stop;
static void start(int n, void *(*work)(void *)) {
  for (int i = 0; i < n; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)) == 0);
}
static void join(int n) {
  for (int i = 0; i < n; i++) pthread_join(threads[i], NULL);
}
static void *works(void *seed) {
  some_calls(20 + (uintptr_t)seed % 10);
  return NULL;
}
static int short_threads_in_rounds(void) {
  for (int round = 0; round < 30; round++) start(16, works), join(16);
  return 0;
}
static int two_thousand_threads_one_after_another(void) {
  for (int i = 0; i < 2000; i++) start(1, works), join(1);
  return 0;
}
static atomic_int left;
static void *detaches(void *seed) {
  pthread_detach(pthread_self());
  some_calls(10);
  atomic_fetch_sub(&left, 1);
  return NULL;
}
static int detached_threads(void) {
  for (int round = 0; round < 20; round++) {
    left = 10;
    start(10, detaches);
    while (left) sched_yield();
  }
  return 0;
}
static void *exits(void *seed) {
  void *p = Malloc(100);
  some_calls(10);
  Free(p, 100);
  pthread_exit(seed);
}
static int threads_that_end_by_pthread_exit(void) {
  for (int round = 0; round < 20; round++) start(10, exits), join(10);
  return 0;
}
static void *_Atomic parked[512];
static void *swaps(void *number) {
  uint64_t seed = (uintptr_t)number;
  for (int i = 0; i < 3000; i++) {
    size_t size = 16 + next_random(&seed) % 3000;
    size_t *p = next_random(&seed) % 8 ? Malloc(size) : Memalign(128, size);
    fill(p + 1, size - 8, (unsigned)size), *p = size;
    size_t *other = atomic_exchange(&parked[next_random(&seed) % 512], p);
    if (other) check_filled(other + 1, *other - 8, (unsigned)*other), Free(other, *other);
  }
  return NULL;
}
static int frees_in_other_threads(void) {
  start(6, swaps), join(6);
  for (int i = 0; i < 512; i++)
    if (parked[i]) Free(parked[i], *(size_t *)parked[i]);
  return 0;
}
static void clean(void *p) { Free(p, 200); }
static void *waits_to_be_cancelled(void *seed) {
  void *p = Malloc(200);
  pthread_cleanup_push(clean, p);
  atomic_fetch_add(&running, 1);
  for (;;) {
    some_calls(1);
    pthread_testcancel();
  }
  pthread_cleanup_pop(0);
  return NULL;
}
static int cancelled_threads(void) {
  for (int round = 0; round < 10; round++) {
    running = 0;
    start(5, waits_to_be_cancelled);
    while (running < 5) sched_yield();
    for (int i = 0; i < 5; i++) pthread_cancel(threads[i]);
    join(5);
  }
  return 0;
}
static pthread_barrier_t barrier;
static void *stays(void *seed) {
  some_calls(3);
  pthread_barrier_wait(&barrier); /* now all hold a slot */
  some_calls(3);
  pthread_barrier_wait(&barrier);
  some_calls(3);
  return NULL;
}
static int alive_at_once(int n) {
  pthread_barrier_init(&barrier, NULL, n);
  start(n, stays), join(n);
  start(n / 2, works), join(n / 2);
  return 0;
}
static int sixty_five_threads_alive_at_once(void) { return alive_at_once(65); }
static int seventy_threads_alive_at_once(void) { return alive_at_once(70); }
static int six_hundred_threads_alive_at_once(void) { return alive_at_once(600); }

static pthread_key_t keys[4];
static void in_destructor(void *round) {
  some_calls(2);
  if ((intptr_t)round < 4) pthread_setspecific(keys[(intptr_t)round % 4], (void *)((intptr_t)round + 1));
}
static void *sets_keys(void *seed) {
  for (int i = 0; i < 4; i++) pthread_setspecific(keys[i], (void *)1);
  return NULL; /* it never allocated before its destructors */
}
static int key_destructors_in_four_rounds(void) {
  for (int i = 0; i < 4; i++) CHECK(pthread_key_create(&keys[i], in_destructor) == 0);
  for (int round = 0; round < 20; round++) start(8, sets_keys), join(8);
  return 0;
}
static pthread_key_t every_key[PTHREAD_KEYS_MAX];
static void of_every_key(void *value) { some_calls(1); }
static void *sets_every_key(void *seed) {
  for (int i = 0; i < PTHREAD_KEYS_MAX; i++) {
    CHECK(pthread_setspecific(every_key[i], (char *)seed + i) == 0);
    CHECK(pthread_getspecific(every_key[i]) == (char *)seed + i);
  }
  return NULL;
}
static int all_thread_keys(void) {
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < PTHREAD_KEYS_MAX; i++) CHECK(pthread_key_create(&every_key[i], of_every_key) == 0);
    start(4, sets_every_key), join(4);
    for (int i = 0; i < PTHREAD_KEYS_MAX; i++) CHECK(pthread_key_delete(every_key[i]) == 0);
  }
  return 0;
}
static void *on_a_small_stack(void *seed) {
  Free(Malloc(100), 100);
  Free(Realloc(Malloc(10), 10, 5000), 5000);
  return NULL;
}
static int threads_on_the_smallest_stack(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  CHECK(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) == 0);
  for (int i = 0; i < 40; i++) CHECK(pthread_create(&threads[i], &attributes, on_a_small_stack, NULL) == 0);
  join(40);
  return 0;
}
static sem_t handled;
static void handler(int signal) {
  Free(Malloc(40), 40);
  sem_post(&handled);
}
static void *is_signalled(void *seed) {
  for (size_t size = 24; size <= 88; size += 8) Free(Malloc(size), size); /* the handler's size is in this thread's cache */
  atomic_fetch_add(&running, 1);
  while (!stop) {
    void *p = Malloc(600);
    CHECK(p);
    Free(p, 600);
  }
  return NULL;
}
static int threads_that_are_signalled_inside_malloc(void) {
  sem_init(&handled, 0, 0);
  signal(SIGUSR1, handler);
  start(3, is_signalled);
  while (running < 3) sched_yield();
  for (int i = 0; i < 60; i++) {
    pthread_kill(threads[i % 3], SIGUSR1);
    while (sem_wait(&handled)) {}
  }
  stop = 1;
  join(3);
  return 0;
}
static void *outlives_main(void *seed) {
  pthread_join((pthread_t)seed, NULL);
  some_calls(30);
  return NULL;
}
static int pthread_exit_from_main(void) {
  some_calls(3);
  pthread_create(&threads[0], NULL, outlives_main, (void *)pthread_self());
  pthread_exit(NULL);
}
int main(int c, char **v) {
  MODE(short_threads_in_rounds);
  MODE(two_thousand_threads_one_after_another);
  MODE(detached_threads);
  MODE(threads_that_end_by_pthread_exit);
  MODE(frees_in_other_threads);
  MODE(cancelled_threads);
  MODE(sixty_five_threads_alive_at_once);
  MODE(seventy_threads_alive_at_once);
  MODE(six_hundred_threads_alive_at_once);
  MODE(key_destructors_in_four_rounds);
  MODE(all_thread_keys);
  MODE(threads_on_the_smallest_stack);
  MODE(threads_that_are_signalled_inside_malloc);
  MODE(pthread_exit_from_main);
  return 99;
}
