/* Memory that runs out: NULL, ENOMEM, and no crash. */
#include "counted.h"
#include <sys/resource.h>

int main(void) {
  struct rlimit limit = {200 << 20, 200 << 20};
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
  void **last = NULL;
  unsigned long got = 0;
  for (;;) {
    errno = 0;
    void **p = malloc(1 << 20);
    if (!p) break;
    *p = last;
    last = p;
    got++;
  }
  CHECK(errno == ENOMEM && got > 50);
  CHECK(calloc(1, 100 << 20) == NULL && errno == ENOMEM);
  CHECK(realloc(last, 100 << 20) == NULL && errno == ENOMEM);
  counts.allocs = got, counts.bytes = got << 20, counts.failed = 3;
  while (last) {
    void **next = *last;
    counted_free(last, 1 << 20);
    last = next;
  }
  void *p = counted(malloc(10 << 20), 10 << 20);
  CHECK(p);
  counted_free(p, 10 << 20);
  /* How many blocks fit depends on what else is mapped; what matters is that all are accounted for. */
  print_counts(&counts);
  return 0;
}
