/* Looks at usable sizes of pointers that are no blocks: freed ones, and such within blocks and on the stack. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept;
static size_t look(void *p) {
  kept = p;
  return malloc_usable_size(kept);
}
int main(void) {
  size_t sum = 0;
  for (size_t size = 0; size < 70000; size = size * 5 / 4 + 8) {
    char *p = malloc(size), *fence = malloc(size);
    memset(p, 0, size);
    for (size_t at = 16; at + 16 <= size; at += 16) sum += look(p + at);
    free(p);
    sum += look(p);
    free(fence);
    sum += look(fence);
  }
  char on_stack[256] __attribute__((aligned(16)));
  memset(on_stack, 0, sizeof on_stack);
  for (int at = 16; at < 256; at += 16) sum += look(on_stack + at);
  puts("looked");
  return sum == 1;
}
