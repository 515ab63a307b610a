/* A library whose dlsym allocates and keeps, moves and frees what it got: what a look-up may do on other systems. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *kept;

void *dlsym(void *handle, const char *name) {
  static void *(*real)(void *, const char *);
  if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
  char *p = malloc(40);
  if (!p) _exit(90);
  memset(p, 1, 40);
  free(p);
  char *q = calloc(2, 50);
  if (!q || q[99]) _exit(91);
  memset(q, 2, 100);
  q = realloc(q, 200);
  if (!q || q[99] != 2) _exit(92);
  free(kept);
  kept = q;
  /* RTLD_NEXT is relative to the caller: ask in its place. */
  return handle == RTLD_NEXT ? dlvsym(RTLD_NEXT, name, "GLIBC_2.2.5") : real(handle, name);
}

/* Blocks of the time before are freed and resized once all is set up. */
__attribute__((destructor)) static void done(void) {
  kept = realloc(kept, 4000);
  if (!kept || ((char *)kept)[99] != 2) _exit(93);
  free(kept);
}
