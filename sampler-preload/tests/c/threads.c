/* Storms of short threads, blocks freed by other threads, pthread_exit, destructors that allocate: totals are exact. */
#include "counted.h"
#include <pthread.h>
#include <stdatomic.h>

#define ROUNDS 40
#define THREADS 16
#define BLOCKS 200

static struct counts total;
static pthread_mutex_t total_lock = PTHREAD_MUTEX_INITIALIZER;
static void *_Atomic parked[THREADS * BLOCKS];
static pthread_key_t key;

static void report(void) {
  pthread_mutex_lock(&total_lock);
  add_counts(&total, &counts);
  pthread_mutex_unlock(&total_lock);
  memset(&counts, 0, sizeof counts);
}

/* Runs while the thread ends, in three rounds, after the thread's function has returned. */
static void destructor(void *round) {
  void *p = counted(malloc(333), 333);
  counted_free(p, 333);
  report();
  if ((intptr_t)round < 3) pthread_setspecific(key, (void *)((intptr_t)round + 1));
}

static void *work(void *argument) {
  unsigned seed = (unsigned)(intptr_t)argument;
  pthread_setspecific(key, (void *)1);
  for (int i = 0; i < BLOCKS; i++) {
    size_t size = sizeof(size_t) + rand_r(&seed) % 500;
    size_t *p = counted(malloc(size), size);
    *p = size;
    /* Swap with a block that another thread left. */
    size_t *other = atomic_exchange(&parked[rand_r(&seed) % (THREADS * BLOCKS)], p);
    if (other) counted_free(other, *other);
  }
  report();
  if (seed % 2) pthread_exit(NULL);
  return NULL;
}

int main(void) {
  pthread_key_create(&key, destructor);
  for (int round = 0; round < ROUNDS; round++) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)(intptr_t)(round * THREADS + i)) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  }
  for (int i = 0; i < THREADS * BLOCKS; i++) {
    size_t *p = parked[i];
    if (p) counted_free(p, *p);
  }
  report();
  print_counts(&total);
  return 0;
}
