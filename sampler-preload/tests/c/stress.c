/* Seeded random sequences of every entry point over several threads: contents, alignment, usable size and errno checked at each step, all calls said.
   Arguments: mode, seed, threads, and either steps or, with an `s` behind, seconds. */
#include "said.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define BLOCKS 400
#define SHARED 64
struct block {
  void *p;
  size_t size;
  unsigned fill;
};
/* Blocks that pass between threads carry their own description, which is why they are larger than it. */
static void *_Atomic shared[SHARED];
static uint64_t first_seed = 1;
static long steps = 20000;
static time_t until;
static int is_timed;

static size_t some_size(uint64_t *random) {
  switch (next_random(random) % 16) {
    case 0: return next_random(random) % 3;
    case 1: return 200000 + next_random(random) % 300000;
    case 2: case 3: return next_random(random) % 20000;
    case 4: return ((size_t)1 << next_random(random) % 14) - 1 + next_random(random) % 3;
    default: return next_random(random) % 600;
  }
}
static void check_block(struct block *b, size_t alignment) {
  CHECK(b->p && is_aligned(b->p, alignment) && is_aligned(b->p, 16) && malloc_usable_size(b->p) >= b->size);
}
static void new_block(struct block *b, uint64_t *random) {
  size_t size = b->size = some_size(random), alignment = (size_t)8 << next_random(random) % 11, page = 4096;
  switch (next_random(random) % 9) {
    case 0: b->p = Calloc(1, size); for (size_t i = 0; i < size; i++) CHECK(((char *)b->p)[i] == 0); alignment = 16; break;
    case 1: b->p = Memalign(alignment, size); break;
    case 2: b->p = said(size, aligned_alloc(alignment, size)); break;
    case 3: b->p = NULL; said(size, posix_memalign(&b->p, alignment, size) ? NULL : b->p); break;
    case 4: if (size > 60000) { b->p = Malloc(size), alignment = 16; break; } b->p = said(size, valloc(size)), alignment = page; break;
    case 5: b->p = Realloc(NULL, 0, size), alignment = 16; break;
    case 6: b->p = said(size, reallocarray(NULL, size, 1)), alignment = 16; break;
    default: b->p = Malloc(size), alignment = 16;
  }
  check_block(b, alignment);
  b->fill = (unsigned)next_random(random);
  fill(b->p, size, b->fill);
}
static void *stresses(void *number) {
  uint64_t random = first_seed * 1000 + (uintptr_t)number;
  struct block *block = mmap(NULL, BLOCKS * sizeof *block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (long step = 0; is_timed ? step % 1000 || time(NULL) < until : step < steps; step++) {
    struct block *b = &block[next_random(&random) % BLOCKS];
    if (!b->p) {
      new_block(b, &random);
      continue;
    }
    check_filled(b->p, b->size, b->fill);
    size_t size = some_size(&random), least = b->size < size ? b->size : size;
    void *p;
    switch (next_random(&random) % 10) {
      case 0: case 1: case 2: /* resize */
        if (size == 0) size = 1;
        b->p = Realloc(b->p, b->size, size);
        CHECK(b->p);
        if (least) check_filled(b->p, b->size < size ? b->size : size, b->fill);
        b->size = size;
        check_block(b, 16);
        fill(b->p, size, b->fill);
        break;
      case 3: /* a failed resize leaves all */
        errno = 0;
        CHECK(Realloc(b->p, b->size, keep(((size_t)1 << 47) + size)) == NULL && errno == ENOMEM);
        check_filled(b->p, b->size, b->fill);
        break;
      case 4: /* all that is usable may be used */
        fill(b->p, malloc_usable_size(b->p), b->fill);
        check_filled(b->p, malloc_usable_size(b->p), b->fill);
        break;
      case 5: /* to another thread */
        if (b->size < sizeof(struct block)) break;
        *(struct block *)b->p = *b;
        p = atomic_exchange(&shared[next_random(&random) % SHARED], b->p);
        b->p = NULL;
        if (p) {
          struct block other = *(struct block *)p;
          CHECK(other.p == p);
          for (size_t i = sizeof other; i < other.size; i++) CHECK(((unsigned char *)p)[i] == (unsigned char)(other.fill + i * 31 + (i >> 8)));
          Free(p, other.size);
        }
        break;
      case 6:
        errno = 0;
        CHECK(Malloc(keep(SIZE_MAX - size)) == NULL && errno == ENOMEM);
        break;
      default:
        errno = 5;
        Free(b->p, b->size);
        CHECK(errno == 5);
        b->p = NULL;
    }
  }
  for (int i = 0; i < BLOCKS; i++)
    if (block[i].p) check_filled(block[i].p, block[i].size, block[i].fill), Free(block[i].p, block[i].size);
  return NULL;
}
static char stacks[16][1 << 18] __attribute__((aligned(4096)));
int main(int c, char **v) {
  int threads = 3;
  if (c > 2) first_seed = strtoull(v[2], NULL, 0);
  if (c > 3) threads = atoi(v[3]);
  if (c > 4) steps = atol(v[4]), is_timed = v[4][strlen(v[4]) - 1] == 's', until = time(NULL) + steps;
  CHECK(threads <= 16);
  pthread_t thread[16];
  for (int i = 0; i < threads; i++) {
    /* On a stack of ours a thread costs one calloc and one free of pthread's, each time; their size is found by asking. */
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stacks[i], sizeof stacks[i]);
    CHECK(pthread_create(&thread[i], &attributes, stresses, (void *)(uintptr_t)i) == 0);
    pthread_attr_destroy(&attributes);
  }
  for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < SHARED; i++)
    if (shared[i]) Free(shared[i], ((struct block *)shared[i])->size);
  SAY("checked\n");
  return 0;
}
