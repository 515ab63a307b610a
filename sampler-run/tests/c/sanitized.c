/* What a sanitizer watches: threads that allocate, then, if it is asked for, one fault. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef OWN_OPTIONS
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "verify_asan_link_order=0"; }
#endif

static char *volatile kept;

static void *allocate(void *unused) {
  (void)unused;
  for (int size = 0; size < 1000; size++) {
    char *block = malloc(size);
    memset(block, 1, size);
    free(block);
  }
  return NULL;
}

int main(int count, char **arguments) {
  const char *fault = count > 1 ? arguments[1] : "fine";
  pthread_t thread;
  pthread_create(&thread, NULL, allocate, NULL);
  allocate(NULL);
  pthread_join(thread, NULL);
  kept = malloc(40);
  volatile int index = 40;
  if (!strcmp(fault, "overrun")) {
    kept[index] = 1;
  }
  free(kept);
  if (!strcmp(fault, "stale")) {
    kept[0] = 1;
  }
  kept = strcmp(fault, "leak") ? NULL : malloc(100);
  kept = NULL;
  puts("fine");
  return 0;
}
