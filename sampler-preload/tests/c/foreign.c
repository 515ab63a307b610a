/* Pointers that the library did not hand out are passed through; what lies before them is not believed. */
#include "counted.h"

extern void *__libc_memalign(size_t, size_t);

int main(void) {
  /* Straight from glibc, at a page start and elsewhere. */
  for (int i = 0; i < 100; i++) {
    void *p = __libc_memalign(4096, 100);
    CHECK(p);
    CHECK(malloc_usable_size(p) >= 100);
    free(p);
    p = __libc_memalign(32, 100);
    p = realloc(p, 5000);
    CHECK(p && malloc_usable_size(p) >= 5000);
    free(p);
  }
  static const char line[] = "{\"foreign_frees\":200,\"foreign_reallocs\":100}\n";
  CHECK(write(1, line, sizeof line - 1) == sizeof line - 1);
  print_counts(&counts);
  return 0;
}
