/* The addresses of 20,000 live blocks, and of no other: they are printed without allocating, or a buffer too might be sampled. */
#include "counted.h"

int main(void) {
  static void *p[20000];
  static char text[20000 * 21];
  char *end = text;
  for (int i = 0; i < 20000; i++) p[i] = malloc(16 + i % 1000);
  for (int i = 0; i < 20000; i++) end += sprintf(end, "%lu\n", (unsigned long)p[i]);
  for (char *at = text; at < end;) {
    ssize_t written = write(1, at, end - at);
    CHECK(written > 0);
    at += written;
  }
  return 0;
}
