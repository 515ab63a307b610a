/* 200 live blocks that glibc maps one by one: 200 pages that hold a header, plus one that both small blocks share. */
#include "counted.h"

int main(void) {
  void *p[200];
  for (int i = 0; i < 200; i++) p[i] = counted(malloc(256 << 10), 256 << 10);
  for (int i = 0; i < 200; i++) CHECK(p[i]);
  void *small = counted(malloc(10), 10), *other = counted(malloc(10), 10);
  CHECK(((uintptr_t)small - 16) >> 12 == ((uintptr_t)other - 16) >> 12);
  print_counts(&counts);
  return 0;
}
