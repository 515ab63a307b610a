/* Allocation before main and after it: constructors, atexit, destructors. All counted. */
#include "counted.h"

__attribute__((constructor)) static void before(void) { counted_free(counted(malloc(11), 11), 11); }
__attribute__((destructor)) static void after(void) {
  counted_free(counted(malloc(13), 13), 13);
  print_counts(&counts);
}
static void at_exit(void) { counted_free(counted(malloc(12), 12), 12); }

int main(void) {
  atexit(at_exit);
  counted_free(counted(malloc(10), 10), 10);
  exit(0);
}
