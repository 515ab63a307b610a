/* Sizes above 4 GiB are exact; nothing of them is touched. */
#include "counted.h"

int main(void) {
  size_t size = ((size_t)5 << 30) + 12345;
  void *p = counted(malloc(size), size);
  CHECK(p && malloc_usable_size(p) >= size);
  p = counted_realloc(p, size, size + 4096);
  CHECK(p);
  counted_free(p, size + 4096);
  p = counted(memalign((size_t)1 << 30, size), size);
  CHECK(p && is_aligned(p, (size_t)1 << 30));
  ((char *)p)[0] = 1;
  ((char *)p)[size - 1] = 2;
  p = counted_realloc(p, size, size + ((size_t)1 << 32));
  CHECK(p && ((char *)p)[0] == 1 && ((char *)p)[size - 1] == 2);
  counted_free(p, size + ((size_t)1 << 32));
  print_counts(&counts);
  return 0;
}
