/* Pointers that others handed out, and blocks that are no blocks any more. */
#include "said.h"
#include <dlfcn.h>
#include <pthread.h>
#pragma weak bump_interior
#pragma weak bump_page
#pragma weak bump_last_freed
#pragma weak bump_pages_freed
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_memalign(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
void *bump_interior(void), *bump_page(int), *bump_last_freed(void);
long bump_pages_freed(void);

static int blocks_of_libcs_own_entries_pass_through(void) {
  for (int i = 0; i < 500; i++) {
    void *p = __libc_malloc(100 + i), *q = __libc_calloc(10, 10 + i), *r = __libc_realloc(NULL, 50), *s = __libc_memalign(4096, 100);
    CHECK(malloc_usable_size(p) >= 100 + i && malloc_usable_size(s) >= 100);
    fill(p, malloc_usable_size(p), 1), fill(s, malloc_usable_size(s), 2);
    p = Realloc_foreign(p, 5000);
    check_filled(p, 100 + i, 1);
    Free_foreign(p), Free_foreign(q), Free_foreign(r), Free_foreign(s);
  }
  return 0;
}
static int a_foreign_pointer_after_an_unmapped_page_passes(void) {
  for (int i = 0; i < 100; i++) {
    void *p = bump_page(0);
    CHECK(is_aligned(p, 4096) && malloc_usable_size(p) == 4096);
    Free_foreign(p);
    CHECK(bump_last_freed() == p);
  }
  SAY("%ld\n", bump_pages_freed());
  return 0;
}
static int a_foreign_pointer_after_others_data_passes(void) {
  for (int i = 0; i < 100; i++) {
    void *p = bump_page(1);
    CHECK(malloc_usable_size(p) == 4096);
    Free_foreign(p);
    CHECK(bump_last_freed() == p);
  }
  SAY("%ld\n", bump_pages_freed());
  return 0;
}
/* A pointer is handed out by another just where a freed block of ours had begun. */
static int a_stale_header_is_not_believed_at_free(void) {
  for (int i = 0; i < 100; i++) {
    void *p = Malloc(100);
    Free(p, 100);
    void *q = bump_interior();
    CHECK(is_aligned(q, 16) && ((uintptr_t)q & 4095) == 16);
    Free_foreign(q);
    CHECK(bump_last_freed() == q);
  }
  return 0;
}
static int a_stale_header_is_not_believed_at_realloc(void) {
  for (int i = 0; i < 100; i++) {
    void *p = Realloc(Malloc(100), 100, 200); /* moves, from one cell to another */
    void *q = bump_interior(); /* the first cell */
    memset(q, 7, 50);
    q = Realloc_foreign(q, 300);
    CHECK(((char *)q)[49] == 7);
    Free_foreign(q);
    Free(p, 200);
  }
  return 0;
}
static int a_deepbound_library_may_hand_out_its_blocks(void) {
  void *library = dlopen(getenv("HELPER"), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  CHECK(library);
  char *(*text)(void) = (char *(*)(void))dlsym(library, "plugin_text");
  for (int i = 0; i < 100; i++) {
    char *p = text();
    CHECK(!strcmp(p, "from the plugin"));
    Free_foreign(p);
  }
  SAY("fine\n");
  _exit(0); /* its own unloading frees by way of libc, which is its matter */
}

/* Faults: the process ends as under glibc. */
static int a_double_free_of_a_small_block(void) {
  void *p = malloc(64);
  free(p), free(keep(p));
  return 3;
}
static int a_double_free_of_a_middling_block(void) {
  void *p = malloc(3000), *fence = malloc(10);
  free(p), free(keep(p));
  return 3 + !fence;
}
static int a_double_free_of_an_aligned_block(void) {
  void *p = memalign(4096, 64), *fence = malloc(10);
  free(p), free(keep(p));
  return 3 + !fence;
}
static int a_double_free_with_others_between(void) {
  void *p = malloc(3000), *fence = malloc(10);
  free(p);
  for (int i = 0; i < 100; i++) free(malloc(10 + i));
  free(keep(p));
  return 3 + !fence;
}
static void *frees(void *p) { return free(p), NULL; }
static int a_double_free_in_another_thread(void) {
  void *p = malloc(3000), *fence = malloc(10);
  pthread_t thread;
  pthread_create(&thread, NULL, frees, p);
  pthread_join(thread, NULL);
  free(keep(p));
  return 3 + !fence;
}
static int a_realloc_after_free(void) {
  void *p = malloc(3000), *fence = malloc(10);
  free(p);
  p = realloc(keep(p), 90000);
  free(keep(p));
  abort(); /* glibc 2.36 may take the chunk for live */
}
static int an_underflow_of_ones(void) {
  char *p = malloc(64), *fence = malloc(10);
  memset(keep(p - 8), 0xFF, 8);
  free(keep(p));
  return 3 + !fence;
}
static int an_underflow_of_zeros(void) {
  char *p = malloc(64), *fence = malloc(10);
  memset(keep(p - 8), 0, 8);
  free(keep(p));
  return 3 + !fence;
}
static int a_free_on_the_stack(void) {
  char on_stack[64] __attribute__((aligned(32)));
  memset(on_stack, 0, sizeof on_stack);
  free(keep((char *)on_stack + 32));
  return 3;
}
static int a_free_inside_a_block(void) {
  char *p = malloc(256);
  memset(p, 0, 256);
  free(keep(p + 64));
  return 3;
}
static int a_free_at_an_odd_address(void) {
  char *p = malloc(256);
  memset(p, 0x11, 256);
  free(keep(p + 3));
  return 3;
}
int main(int c, char **v) {
  MODE(blocks_of_libcs_own_entries_pass_through);
  MODE(a_foreign_pointer_after_an_unmapped_page_passes);
  MODE(a_foreign_pointer_after_others_data_passes);
  MODE(a_stale_header_is_not_believed_at_free);
  MODE(a_stale_header_is_not_believed_at_realloc);
  MODE(a_deepbound_library_may_hand_out_its_blocks);
  MODE(a_double_free_of_a_small_block);
  MODE(a_double_free_of_a_middling_block);
  MODE(a_double_free_of_an_aligned_block);
  MODE(a_double_free_with_others_between);
  MODE(a_double_free_in_another_thread);
  MODE(a_realloc_after_free);
  MODE(an_underflow_of_ones);
  MODE(an_underflow_of_zeros);
  MODE(a_free_on_the_stack);
  MODE(a_free_inside_a_block);
  MODE(a_free_at_an_odd_address);
  return 99;
}
