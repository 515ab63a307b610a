#include "counted.h"

int main(void) {
  char *p = malloc(64);
  free(p);
  free(keep(p));
  return 3; /* survived */
}
