/* The earliest code of a program, before every constructor but that of a library marked initfirst. */
#include "said.h"
static void *early[3];
static void preinit(int c, char **v, char **e) {
  for (int i = 0; i < 3; i++) early[i] = Malloc(1000);
}
__attribute__((section(".preinit_array"), used)) static void (*preinit_entry)(int, char **, char **) = preinit;
static int calls_before_every_constructor_are_counted(void) {
  fill(early[0], malloc_usable_size(early[0]), 3);
  Free(early[1], 1000);
  early[0] = Realloc(early[0], 1000, 9000);
  check_filled(early[0], 1000, 3);
  Free(early[0], 9000), Free(early[2], 1000);
  return 0;
}
int main(int c, char **v) {
  MODE(calls_before_every_constructor_are_counted);
  return 99;
}
