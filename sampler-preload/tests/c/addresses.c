/* The addresses of 20,000 live blocks. */
#include "counted.h"

int main(void) {
  static void *p[20000];
  for (int i = 0; i < 20000; i++) p[i] = malloc(16 + i % 1000);
  for (int i = 0; i < 20000; i++) dprintf(1, "%lu\n", (unsigned long)p[i]);
  return 0;
}
