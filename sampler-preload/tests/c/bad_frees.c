/* Frees a pointer that may not be freed: twice, or one onto the stack behind the word in the first argument. */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept;
static void *keep(void *p) { return kept = p, kept; }

int main(int c, char **v) {
  if (!strcmp(v[1], "realloc_twice")) {
    void *p = malloc(3000), *fence = malloc(10);
    free(p);
    return free(p = realloc(keep(p), 90000)), 3 + !fence;
  }
  if (!strcmp(v[1], "twice")) {
    void *p = malloc(atol(v[2])), *fence = malloc(10);
    free(p), free(keep(p));
    return 3 + !fence;
  }
  uint64_t on_stack[8] __attribute__((aligned(16))) = {0};
  on_stack[1] = strtoull(v[2], NULL, 0);
  if (!strcmp(v[1], "stack_realloc")) return !keep(realloc(keep(&on_stack[2]), 5000)) + 3;
  free(keep(&on_stack[2]));
  return 3;
}
