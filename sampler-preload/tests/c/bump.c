/* An allocator that is no malloc of glibc's: cells of 4 KiB of which nothing is known but where they are, and pages with nothing mapped before. Its own
   functions hand out pointers that the library never sees; free takes any pointer into a cell and remembers it. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define CELLS 16384
#define CELL 4096
static char cells[CELLS][CELL] __attribute__((aligned(4096)));
static char held[CELLS];
static void *last_freed;
static long pages_freed;

static int cell_of(const void *p) {
  uintptr_t offset = (uintptr_t)p - (uintptr_t)cells;
  return offset < sizeof cells ? (int)(offset / CELL) : -1;
}
/* The most recently freed cell first, as others do. */
static int next_cell(void) {
  int cell = cell_of(last_freed);
  if (cell >= 0 && !held[cell]) return cell;
  for (int i = 0; i < CELLS; i++)
    if (!held[i]) return i;
  return -1;
}
static void *take(size_t count, size_t offset) {
  if (count > (size_t)CELLS * CELL / 4) return errno = ENOMEM, NULL;
  size_t cells_needed = (count + CELL - 1) / CELL;
  int cell = next_cell();
  if (cells_needed > 1)
    for (cell = CELLS - 1; cell >= 0; cell--) { /* from the end; never reused in part */
      size_t k = 0;
      while (k < cells_needed && cell + k < CELLS && !held[cell + k]) k++;
      if (k == cells_needed) break;
    }
  if (cell < 0) return errno = ENOMEM, NULL;
  for (size_t k = 0; k < (cells_needed ? cells_needed : 1); k++) held[cell + k] = 1;
  return cells[cell] + offset;
}
void *malloc(size_t size) { return take(size, 0); }
void *calloc(size_t n, size_t size) {
  void *p = take(n * size, 0);
  return p ? memset(p, 0, n * size) : p;
}
void *memalign(size_t alignment, size_t size) { return take(size, 0); }
size_t malloc_usable_size(void *p) { return p ? CELL - (uintptr_t)p % CELL : 0; }
static void give_back(void *p) {
  if (!p) return;
  last_freed = p;
  int cell = cell_of(p);
  if (cell >= 0) held[cell] = 0;
  else munmap(p, CELL), pages_freed++;
}
void free(void *p) { give_back(p); }
/* Always moves, by its own functions: those of the same names may be another's. */
void *realloc(void *p, size_t size) {
  void *q = take(size, 0);
  size_t room = p ? CELL - (uintptr_t)p % CELL : 0;
  if (p && q) memcpy(q, p, size < room ? size : room), give_back(p);
  return q;
}

/* What only the program calls. */
void *bump_interior(void) { return take(16, 16); }
void *bump_page(int is_mapped_before) {
  char *p = mmap(NULL, 3 * CELL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(p, 0xA7, CELL);
  munmap(p + 2 * CELL, CELL);
  if (!is_mapped_before) munmap(p, CELL);
  return p + CELL;
}
void *bump_last_freed(void) { return last_freed; }
long bump_pages_freed(void) { return pages_freed; }
