/* An allocator behind the library that counts what reaches it, glibc's own calls included. BEHIND_HEADER is what the library adds to each request. */
#include "tally.h"
#include <dlfcn.h>
#include <pthread.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);
static size_t known = SIZE_MAX;
#define header (known != SIZE_MAX ? known : ask())
static size_t (*usable_size)(void *);

/* A constructor before ours may allocate. */
static size_t ask(void) {
  const char *text = getenv("BEHIND_HEADER");
  return known = text ? atoi(text) : 0;
}
static void in_child(void) { tally_open(1); }
__attribute__((constructor(101))) static void start(void) {
  tally_start("BEHIND");
  /* Not at the first question: that may come from within dlopen, which a lookup there disturbs. */
  usable_size = dlvsym(RTLD_NEXT, "malloc_usable_size", "GLIBC_2.2.5");
  pthread_atfork(NULL, NULL, in_child);
}

void *malloc(size_t size) {
  begin_alloc(size - header);
  void *p = __libc_malloc(size);
  end_alloc(p, size - header);
  return p;
}
void *calloc(size_t n, size_t size) {
  begin_alloc(n * size - header);
  void *p = __libc_calloc(n, size);
  end_alloc(p, n * size - header);
  return p;
}
void *memalign(size_t alignment, size_t size) {
  size_t more = header ? alignment > header ? alignment : header : 0;
  begin_alloc(size - more);
  void *p = __libc_memalign(alignment, size);
  end_alloc(p, size - more);
  return p;
}
void *realloc(void *p, size_t size) {
  begin_realloc(p, 0, size - header);
  void *q = __libc_realloc(p, size);
  end_realloc(p, q, 0, size - header);
  return q;
}
void free(void *p) {
  if (p) begin_free(0);
  __libc_free(p);
  if (p) end_free(0);
}
size_t malloc_usable_size(void *p) {
  if (!usable_size) usable_size = dlvsym(RTLD_NEXT, "malloc_usable_size", "GLIBC_2.2.5");
  return usable_size(p);
}
