/* Prints what each entry leaves in errno for requests that no allocator serves. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *volatile block;
static char text[16384];
static int used;
#define TELL(call)                                                                                                    \
  do {                                                                                                                \
    errno = 0;                                                                                                        \
    void *volatile result = (call);                                                                                   \
    used += snprintf(text + used, sizeof text - used, "%s of %zu: %s, errno %d\n", #call, size, result ? "a block" : "NULL", errno); \
  } while (0)

int main(void) {
  static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 8, SIZE_MAX - 4096, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX, PTRDIFF_MAX - 8, PTRDIFF_MAX - 16, PTRDIFF_MAX - 4096, PTRDIFF_MAX - 70000};
  block = malloc(100);
  for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t size = sizes[i];
    TELL(malloc(size));
    TELL(calloc(1, size));
    TELL(calloc(size, 3));
    TELL(realloc(block, size));
    TELL(realloc(NULL, size));
    TELL(reallocarray(block, 1, size));
    TELL(reallocarray(block, size, 3));
    TELL(reallocarray(NULL, size, 3));
    TELL(memalign(64, size));
    TELL(aligned_alloc(16, size));
    TELL(valloc(size));
    TELL(pvalloc(size));
  }
  free(block);
  errno = 0;
  block = reallocarray(malloc(10), 0, 8); /* freed: no failure */
  used += snprintf(text + used, sizeof text - used, "errno %d\n", errno);
  return fwrite(text, 1, used, stdout) != used;
}
