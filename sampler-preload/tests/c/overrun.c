/* Writes two bytes beyond a block of seven; with an argument it has its calls traced instead. */
#include <mcheck.h>
#include <stdlib.h>
#include <string.h>

int main(int c, char **v) {
  if (c > 1) {
    mtrace();
    free(malloc(123));
    muntrace();
    return 0;
  }
  for (int i = 0; i < 100; i++) {
    char *p = malloc(7);
    memset(p, 1, i == 70 ? 9 : 7);
    free(p);
  }
  return 3;
}
