/* The C contract of every entry point, one promise a mode. */
#include "said.h"
#include <dlfcn.h>
#include <sys/resource.h>

static const size_t sizes[] = {0, 1, 15, 16, 17, 24, 25, 100, 255, 256, 257, 1000, 1032, 4080, 4096, 5000, 65536, 140000, 300000};
#define EACH(size) for (size_t i_ = 0, size = 0; i_ < sizeof sizes / sizeof *sizes && (size = sizes[i_], 1); i_++)

static void aligned(size_t alignment, size_t size) {
  void *p[3] = {Memalign(alignment, size), said(size, aligned_alloc(alignment, size)), NULL};
  if (alignment >= sizeof(void *)) said(size, posix_memalign(&p[2], alignment, size) ? NULL : p[2]);
  for (int k = 0; k < 3; k++) {
    if (!p[k] && k == 2) continue;
    CHECK(p[k] && is_aligned(p[k], alignment) && is_aligned(p[k], 16));
    CHECK(malloc_usable_size(p[k]) >= size);
    fill(p[k], size, k);
  }
  for (int k = 0; k < 3; k++) {
    check_filled(p[k], p[k] ? size : 0, k);
    Free(p[k], size);
  }
}
static int alignments_from_8_to_64_kib_hold(void) {
  for (size_t alignment = 8; alignment <= 65536; alignment *= 2) EACH(size) aligned(alignment, size);
  return 0;
}
static int an_alignment_of_2_mib_holds(void) {
  EACH(size) aligned(2 << 20, size);
  return 0;
}
static int an_alignment_of_1_gib_holds(void) {
  aligned((size_t)1 << 30, 100);
  return 0;
}
static int a_request_of_1_gib_is_served(void) {
  size_t size = (size_t)1 << 30;
  char *p = Malloc(size), *q = Calloc(size, 1), *r = Memalign(2 << 20, size);
  CHECK(p && q && r && q[0] == 0 && q[size - 1] == 0 && is_aligned(r, 2 << 20));
  p[0] = p[size - 1] = r[0] = r[size - 1] = 7;
  p = Realloc(p, size, size + 4096);
  CHECK(p && p[0] == 7 && p[size - 1] == 7);
  Free(p, size + 4096), Free(q, size), Free(r, size);
  return 0;
}
static int pointers_are_aligned_to_16(void) {
  for (size_t size = 0; size < 3000; size++) {
    void *p = Malloc(size), *q = Calloc(1, size), *r = Realloc(NULL, 0, size), *s = Memalign(1, size);
    CHECK(is_aligned(p, 16) && is_aligned(q, 16) && is_aligned(r, 16) && is_aligned(s, 16));
    Free(p, size), Free(q, size), Free(r, size), Free(s, size);
  }
  return 0;
}
static int every_usable_byte_may_be_written(void) {
  EACH(size) {
    for (int k = 0; k < 4; k++) {
      void *before = Malloc(40), *p = k == 0 ? Malloc(size) : k == 1 ? Calloc(size, 1) : k == 2 ? Memalign(256, size) : Memalign(4096, size), *after = Malloc(40);
      fill(before, malloc_usable_size(before), 1), fill(after, malloc_usable_size(after), 2);
      size_t usable = malloc_usable_size(p);
      CHECK(usable >= size);
      fill(p, usable, 3);
      check_filled(before, malloc_usable_size(before), 1), check_filled(after, malloc_usable_size(after), 2);
      check_filled(p, usable, 3);
      Free(before, 40), Free(p, size), Free(after, 40);
    }
  }
  CHECK(malloc_usable_size(NULL) == 0);
  return 0;
}
static int a_moving_realloc_keeps_every_usable_byte(void) {
  EACH(size) {
    void *p = Malloc(size), *fence = Malloc(24);
    size_t usable = malloc_usable_size(p), larger = usable * 3 + 5000;
    fill(p, usable, 4);
    p = Realloc(p, size, larger);
    CHECK(p);
    check_filled(p, usable, 4);
    Free(p, larger), Free(fence, 24);
  }
  return 0;
}
static int realloc_keeps_contents_between_all_sizes(void) {
  EACH(from) for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    size_t to = sizes[k], least = from < to ? from : to;
    void *p = Malloc(from);
    fill(p, from, 5);
    p = Realloc(p, from, to);
    CHECK((p == NULL) == (to == 0));
    if (p) check_filled(p, least, 5), fill(p, to, 6), Free(p, to);
  }
  return 0;
}
static int realloc_of_an_aligned_block_keeps_it(void) {
  for (size_t alignment = 32; alignment <= 65536; alignment *= 2) {
    size_t size = 777;
    void *p = Memalign(alignment, size);
    fill(p, size, 7);
    for (size_t to = 100; to < 3000000; to = to * 5 / 2) {
      p = Realloc(p, size, to);
      CHECK(p && is_aligned(p, 16) && malloc_usable_size(p) >= to);
      check_filled(p, size < to ? size : to, 7);
      fill(p, size = to, 7);
    }
    p = Realloc(p, size, 10);
    check_filled(p, 10, 7);
    Free(p, 10);
  }
  return 0;
}
static int a_realloc_that_grows_step_by_step_keeps_all(void) {
  size_t size = 1;
  void *p = Malloc(size);
  fill(p, size, 8);
  for (; size < 2000000; size += size / 7 + 1) {
    check_filled(p, size, 8);
    p = Realloc(p, size, size + size / 7 + 1);
    fill(p, size + size / 7 + 1, 8);
  }
  Free(p, size);
  return 0;
}
static int free_keeps_errno(void) {
  EACH(size) {
    void *p = Malloc(size), *q = Memalign(4096, size), *r = Malloc(3 << 20);
    errno = 1234;
    Free(p, size), Free(q, size), Free(r, 3 << 20), free(NULL);
    CHECK(errno == 1234);
  }
  return 0;
}
static int success_keeps_errno(void) {
  errno = 4321;
  some_calls(1000);
  CHECK(errno == 4321);
  return 0;
}
static const size_t too_large[] = {SIZE_MAX, SIZE_MAX - 8, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX - 17, SIZE_MAX - 31, SIZE_MAX - 4096, (size_t)PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX - 8};
#define EACH_TOO_LARGE(size) for (size_t i_ = 0, size = 0; i_ < sizeof too_large / sizeof *too_large && (size = keep(too_large[i_]), 1); i_++)
#define FAILS(expression) (errno = 0, (expression) == NULL && errno == ENOMEM)

static int sizes_from_ptrdiff_max_on_fail_with_enomem(void) {
  EACH_TOO_LARGE(size) {
    CHECK(FAILS(Malloc(size)) && FAILS(Calloc(1, size)) && FAILS(Calloc(size, 1)) && FAILS(Memalign(64, size)) && FAILS(Memalign(16, size)));
    CHECK(FAILS(said(size, aligned_alloc(4096, size))) && FAILS(said(size, valloc(size))) && FAILS(said(size, pvalloc(size))));
    CHECK(FAILS(Realloc(NULL, 0, size)));
  }
  return 0;
}
static int products_that_overflow_fail_with_enomem(void) {
  static const size_t n[][2] = {{SIZE_MAX, 2}, {2, SIZE_MAX}, {SIZE_MAX / 2 + 1, 2}, {(size_t)1 << 32, (size_t)1 << 32}, {SIZE_MAX / 16 + 2, 16}, {SIZE_MAX, SIZE_MAX}};
  for (int i = 0; i < 6; i++) {
    CHECK(FAILS(said(1, calloc(keep(n[i][0]), keep(n[i][1])))));
    CHECK(FAILS(said(1, reallocarray(NULL, keep(n[i][0]), keep(n[i][1])))));
    void *p = Malloc(50);
    fill(p, 50, 9);
    CHECK(FAILS(said(1, reallocarray(p, keep(n[i][0]), keep(n[i][1])))));
    check_filled(p, 50, 9);
    Free(p, 50);
  }
  return 0;
}
static int posix_memalign_tells_by_its_result_alone(void) {
  EACH_TOO_LARGE(size) {
    void *p = (void *)1;
    CHECK(posix_memalign(&p, 64, size) == ENOMEM && p == (void *)1);
    said_failed(1);
  }
  void *p = (void *)1;
  errno = 77;
  CHECK(posix_memalign(&p, 24, 100) == EINVAL && posix_memalign(&p, 4, 100) == EINVAL && posix_memalign(&p, 0, 100) == EINVAL);
  CHECK(p == (void *)1 && errno == 77);
  said_failed(3);
  CHECK(posix_memalign(&p, 64, 100) == 0 && errno == 77);
  said(100, p);
  Free(p, 100);
  return 0;
}
static int memalign_rounds_an_odd_alignment_up(void) {
  static const size_t odd[] = {0, 1, 3, 24, 33, 100, 4097};
  for (int i = 0; i < 7; i++) {
    void *p = Memalign(odd[i], 50);
    size_t power = 16;
    while (power < odd[i]) power *= 2;
    CHECK(p && is_aligned(p, power));
    Free(p, 50);
  }
  errno = 0;
  CHECK(memalign(keep(SIZE_MAX), 1) == NULL && errno == EINVAL);
  said_failed(1);
  return 0;
}
static int a_failed_realloc_leaves_the_block(void) {
  EACH_TOO_LARGE(size) {
    void *p = Malloc(300);
    fill(p, malloc_usable_size(p), 10);
    for (int again = 0; again < 3; again++) CHECK(FAILS(Realloc(p, 300, size)));
    check_filled(p, malloc_usable_size(p), 10);
    p = Realloc(p, 300, 600);
    check_filled(p, 300, 10);
    Free(p, 600);
  }
  return 0;
}
static int a_realloc_that_memory_fails_leaves_the_block(void) {
  /* Below PTRDIFF_MAX, so that the next allocator has seen the block, and refused. */
  size_t size = (size_t)1 << 46;
  for (size_t alignment = 16; alignment <= 4096; alignment *= 4) {
    void *p = Memalign(alignment, 300);
    fill(p, malloc_usable_size(p), 11);
    for (int again = 0; again < 3; again++) CHECK(FAILS(Realloc(p, 300, size)));
    check_filled(p, malloc_usable_size(p), 11);
    CHECK(is_aligned(p, alignment));
    p = Realloc(p, 300, 700);
    check_filled(p, 300, 11);
    Free(p, 700);
  }
  return 0;
}
static int zero_sizes_are_blocks(void) {
  void *p[6] = {Malloc(0), Calloc(0, 5), Calloc(5, 0), Realloc(NULL, 0, 0), Memalign(64, 0), said(0, aligned_alloc(16, 0))};
  for (int i = 0; i < 6; i++)
    for (int k = 0; k < i; k++) CHECK(p[i] && p[i] != p[k]);
  for (int i = 0; i < 6; i++) Free(p[i], 0);
  void *q = NULL;
  CHECK(posix_memalign(&q, 32, 0) == 0 && q);
  said(0, q);
  q = Realloc(q, 0, 100);
  fill(q, 100, 1);
  CHECK(Realloc(q, 100, 0) == NULL);
  q = said(0, reallocarray(NULL, 0, 10));
  CHECK(q);
  Free(q, 0);
  return 0;
}
static int calloc_zeroes_reused_memory(void) {
  EACH(size) for (int i = 0; i < 20; i++) {
    void *p = Malloc(size);
    memset(p, 0xEE, malloc_usable_size(p));
    Free(p, size);
    unsigned char *q = Calloc(1, size);
    for (size_t k = 0; k < size; k++) CHECK(q[k] == 0);
    memset(q, 0xDD, malloc_usable_size(q));
    Free(q, size);
  }
  return 0;
}
static int calloc_zeroes_large_reused_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 64 << 20); /* from the heap, which is reused */
  for (int i = 0; i < 5; i++) {
    size_t size = (size_t)(3 + i) << 19;
    void *p = Malloc(size);
    memset(p, 0xEE, size);
    Free(p, size);
    unsigned char *q = Calloc(size, 1);
    for (size_t k = 0; k < size; k++) CHECK(q[k] == 0);
    Free(q, size);
  }
  return 0;
}
static int valloc_and_pvalloc_give_pages(void) {
  size_t page = sysconf(_SC_PAGESIZE);
  for (size_t size = 1; size < 20000; size += 777) {
    size_t whole = (size + page - 1) / page * page;
    void *p = said(size, valloc(size)), *q = said(whole, pvalloc(size));
    CHECK(is_aligned(p, page) && is_aligned(q, page) && malloc_usable_size(q) >= whole);
    fill(p, size, 1), fill(q, whole, 2);
    check_filled(p, size, 1), check_filled(q, whole, 2);
    Free(p, size), Free(q, whole);
  }
  return 0;
}
static int reallocarray_is_a_realloc(void) {
  begin_alloc(120);
  void *p = reallocarray(NULL, 10, 12);
  end_alloc(p, 120);
  fill(p, 120, 3);
  begin_realloc(p, 120, 2000);
  void *q = reallocarray(p, 100, 20);
  end_realloc(p, q, 120, 2000);
  check_filled(q, 120, 3);
  Free(q, 2000);
  return 0;
}
/* glibc 2.36 has neither; a program built for a later one may call them. */
static int the_frees_of_c23_and_cfree_free(void) {
  void (*sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
  void (*aligned_sized)(void *, size_t, size_t) = (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
  void (*old)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
  for (int i = 0; i < 1000; i++) {
    void *p = Malloc(100), *q = said(128, aligned_alloc(64, 128)), *r = Malloc(70);
    begin_free(100 + 128 + 70), ADD(tally()->before.frees, 2);
    if (sized) sized(p, 100); else free(p);
    if (aligned_sized) aligned_sized(q, 64, 128); else free(q);
    if (old) old(r); else free(r);
    end_free(100 + 128 + 70), ADD(tally()->after.frees, 2);
  }
  if (sized) sized(NULL, 0), aligned_sized(NULL, 8, 0);
  return 0;
}
static int a_full_address_space_is_null_and_no_crash(void) {
  struct rlimit limit = {300 << 20, 300 << 20};
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
  void *p[400];
  int n = 0;
  while (n < 400 && (errno = 0, p[n] = Malloc(1 << 20))) memset(p[n++], 1, 1 << 20);
  CHECK(n > 100 && n < 400 && errno == ENOMEM);
  CHECK(FAILS(Calloc(1 << 20, 1)) && FAILS(Memalign(4096, 1 << 20)) && FAILS(Realloc(p[0], 1 << 20, 300 << 20)));
  while (n) Free(p[--n], 1 << 20);
  CHECK((p[0] = Malloc(1 << 20)));
  Free(p[0], 1 << 20);
  return 0;
}
static int small_blocks_until_memory_is_out(void) {
  struct rlimit limit = {100 << 20, 100 << 20};
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
  void **list = NULL, **p;
  long n = 0;
  while ((p = Malloc(200))) *p = list, list = p, n++;
  CHECK(errno == ENOMEM && n > 100000);
  while (list) p = *list, Free(list, 200), list = p;
  CHECK((p = Malloc(200)));
  Free(p, 200);
  return 0;
}
static int blocks_do_not_overlap(void) {
  static struct { void *p; size_t size; } block[3000];
  uint64_t seed = 5;
  for (int i = 0; i < 60000; i++) {
    int k = next_random(&seed) % 3000;
    if (block[k].p) check_filled(block[k].p, block[k].size, k), Free(block[k].p, block[k].size);
    size_t size = next_random(&seed) % (next_random(&seed) % 50 ? 300 : 20000);
    block[k].size = size;
    block[k].p = i % 7 == 0 ? Memalign((size_t)16 << i % 5, size) : Malloc(size);
    fill(block[k].p, size, k);
  }
  for (int k = 0; k < 3000; k++) Free(block[k].p, block[k].size);
  return 0;
}
static int mallinfo_and_mallinfo2_see_the_blocks(void) {
  struct mallinfo2 a = mallinfo2();
  void *p[100];
  for (int i = 0; i < 100; i++) p[i] = Malloc(5000);
  struct mallinfo2 b = mallinfo2();
  struct mallinfo old = mallinfo();
  CHECK(b.uordblks >= a.uordblks + 500000 && old.uordblks >= 500000);
  void *large = Malloc(40 << 20);
  CHECK(mallinfo2().hblks == b.hblks + 1);
  Free(large, 40 << 20);
  for (int i = 0; i < 100; i++) Free(p[i], 5000);
  CHECK(mallinfo2().uordblks <= a.uordblks + 5000);
  return 0;
}
static int mallopt_takes_effect(void) {
  size_t before = mallinfo2().hblks;
  void *p = Malloc(1 << 20);
  CHECK(mallinfo2().hblks == before + 1);
  Free(p, 1 << 20);
  CHECK(mallopt(M_MMAP_THRESHOLD, 4 << 20) == 1);
  p = Malloc(1 << 20);
  CHECK(mallinfo2().hblks == before);
  Free(p, 1 << 20);
  CHECK(mallopt(M_PERTURB, 0x5A) == 1);
  unsigned char *q = Malloc(3000);
  for (int i = 0; i < 3000; i++) CHECK(q[i] == 0xA5);
  Free(q, 3000);
  q = Calloc(1, 3000);
  for (int i = 0; i < 3000; i++) CHECK(q[i] == 0);
  Free(q, 3000);
  return 0;
}
static int malloc_trim_gives_back(void) {
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 24);
  void *p = Malloc(8 << 20);
  memset(p, 1, 8 << 20);
  Free(p, 8 << 20);
  CHECK(malloc_trim(0) == 1);
  return 0;
}
static int malloc_stats_prints(void) {
  int pipe_ends[2], saved = dup(2);
  static char text[5000];
  CHECK(pipe(pipe_ends) == 0 && dup2(pipe_ends[1], 2) == 2);
  malloc_stats();
  dup2(saved, 2);
  CHECK(read(pipe_ends[0], text, sizeof text - 1) > 0 && strstr(text, "Arena 0") && strstr(text, "in use bytes"));
  return 0;
}
int main(int c, char **v) {
  MODE(alignments_from_8_to_64_kib_hold);
  MODE(an_alignment_of_2_mib_holds);
  MODE(an_alignment_of_1_gib_holds);
  MODE(a_request_of_1_gib_is_served);
  MODE(pointers_are_aligned_to_16);
  MODE(every_usable_byte_may_be_written);
  MODE(a_moving_realloc_keeps_every_usable_byte);
  MODE(realloc_keeps_contents_between_all_sizes);
  MODE(realloc_of_an_aligned_block_keeps_it);
  MODE(a_realloc_that_grows_step_by_step_keeps_all);
  MODE(free_keeps_errno);
  MODE(success_keeps_errno);
  MODE(sizes_from_ptrdiff_max_on_fail_with_enomem);
  MODE(products_that_overflow_fail_with_enomem);
  MODE(posix_memalign_tells_by_its_result_alone);
  MODE(memalign_rounds_an_odd_alignment_up);
  MODE(a_failed_realloc_leaves_the_block);
  MODE(a_realloc_that_memory_fails_leaves_the_block);
  MODE(zero_sizes_are_blocks);
  MODE(calloc_zeroes_reused_memory);
  MODE(calloc_zeroes_large_reused_memory);
  MODE(valloc_and_pvalloc_give_pages);
  MODE(reallocarray_is_a_realloc);
  MODE(the_frees_of_c23_and_cfree_free);
  MODE(a_full_address_space_is_null_and_no_crash);
  MODE(small_blocks_until_memory_is_out);
  MODE(blocks_do_not_overlap);
  MODE(mallinfo_and_mallinfo2_see_the_blocks);
  MODE(mallopt_takes_effect);
  MODE(malloc_trim_gives_back);
  MODE(malloc_stats_prints);
  return 99;
}
