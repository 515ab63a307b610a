/* A block whose first bytes are a copy of another block's header, freed 16 bytes in: not believed, so glibc says what it thinks of it. */
#include "counted.h"

int main(void) {
  char *p = malloc(64), *q = malloc(256);
  memcpy(keep(q), p - 16, 16);
  free(keep(q + 16));
  return 3; /* survived */
}
