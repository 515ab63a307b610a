/* The C contract of every entry point: alignment, usable size, zeroes, overflow, errno, realloc. */
#include "counted.h"

static size_t sizes[] = {0, 1, 15, 16, 17, 24, 100, 255, 256, 1000, 4080, 4096, 5000, 65536, 140000};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static void use_whole(void *p, size_t size) {
  size_t usable = malloc_usable_size(p);
  CHECK(usable >= size);
  fill(p, usable, 7);
  check_filled(p, usable, 7);
}

static void plain(void) {
  for (size_t i = 0; i < COUNT(sizes); i++) {
    void *p = counted(malloc(sizes[i]), sizes[i]);
    CHECK(p && is_aligned(p, 16));
    use_whole(p, sizes[i]);
    counted_free(p, sizes[i]);
    p = counted(calloc(sizes[i], 1), sizes[i]);
    CHECK(p && is_aligned(p, 16));
    for (size_t k = 0; k < sizes[i]; k++) CHECK(((char *)p)[k] == 0);
    use_whole(p, sizes[i]);
    counted_free(p, sizes[i]);
  }
}

static void aligned(void) {
  for (size_t alignment = 1; alignment <= (2 << 20); alignment *= 2) {
    for (size_t i = 0; i < COUNT(sizes); i++) {
      size_t want = alignment < 16 ? 16 : alignment;
      void *p[4];
      p[0] = counted(memalign(alignment, sizes[i]), sizes[i]);
      p[1] = counted(aligned_alloc(alignment, sizes[i]), sizes[i]);
      p[2] = p[3] = 0;
      if (alignment >= sizeof(void *)) {
        errno = 77;
        CHECK(posix_memalign(&p[2], alignment, sizes[i]) == 0 && errno == 77);
        counted(p[2], sizes[i]);
      }
      for (int k = 0; k < 3; k++) {
        if (!p[k]) continue;
        CHECK(is_aligned(p[k], want));
        use_whole(p[k], sizes[i]);
      }
      /* realloc of an aligned block keeps what it promised to hold */
      size_t usable = malloc_usable_size(p[0]);
      fill(p[0], usable, 3);
      p[0] = counted_realloc(p[0], sizes[i], usable + 5000);
      CHECK(p[0] && is_aligned(p[0], 16));
      check_filled(p[0], usable, 3);
      use_whole(p[0], usable + 5000);
      counted_free(p[0], usable + 5000);
      counted_free(p[1], sizes[i]);
      if (p[2]) counted_free(p[2], sizes[i]);
    }
  }
  size_t page = sysconf(_SC_PAGESIZE);
  void *p = counted(valloc(100), 100);
  CHECK(p && is_aligned(p, page));
  use_whole(p, 100);
  counted_free(p, 100);
  p = counted(pvalloc(100), page);
  CHECK(p && is_aligned(p, page) && malloc_usable_size(p) >= page);
  use_whole(p, page);
  counted_free(p, page);
  p = counted(memalign(24, 100), 100); /* no power of two: rounded up */
  CHECK(p && is_aligned(p, 32));
  counted_free(p, 100);
}

static void wrong_alignment(void) {
  void *p = (void *)1;
  errno = 0;
  CHECK(posix_memalign(&p, 24, 100) == EINVAL && posix_memalign(&p, 4, 100) == EINVAL);
  CHECK(posix_memalign(&p, 0, 100) == EINVAL && p == (void *)1 && errno == 0);
  CHECK(memalign(SIZE_MAX, 1) == NULL && errno == EINVAL);
}

static void too_large(void) {
  size_t huge[] = {SIZE_MAX, SIZE_MAX - 8, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX - 4096, (size_t)PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX - 8};
  for (size_t i = 0; i < COUNT(huge); i++) {
    volatile size_t size = huge[i];
    errno = 0;
    CHECK(counted(keep(malloc(size)), 0) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(counted(keep(calloc(1, size)), 0) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(counted(keep(memalign(64, size)), 0) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(counted(keep(valloc(size)), 0) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(counted(keep(pvalloc(size)), 0) == NULL && errno == ENOMEM);
    void *p = 0;
    CHECK(posix_memalign(&p, 64, size) == ENOMEM && p == 0);
    counted(0, 0);
    p = counted(malloc(100), 100);
    fill(p, 100, 9);
    errno = 0;
    CHECK(counted_realloc(p, 100, size) == NULL && errno == ENOMEM);
    check_filled(p, 100, 9);
    errno = 0;
    CHECK(reallocarray(p, size, 2) == NULL && errno == ENOMEM);
    counts.failed++;
    check_filled(p, 100, 9);
    counted_free(p, 100);
  }
  volatile size_t half = SIZE_MAX / 2 + 1;
  errno = 0;
  CHECK(counted(keep(calloc(half, 2)), 0) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(counted(keep(calloc(half, half)), 0) == NULL && errno == ENOMEM);
}

static void reallocs(void) {
  for (size_t i = 0; i < COUNT(sizes); i++) {
    for (size_t k = 0; k < COUNT(sizes); k++) {
      void *p = counted(malloc(sizes[i]), sizes[i]);
      size_t usable = malloc_usable_size(p), kept = usable < sizes[k] ? usable : sizes[k];
      fill(p, usable, 5);
      p = counted_realloc(p, sizes[i], sizes[k]);
      if (sizes[k] == 0) {
        CHECK(p == NULL); /* glibc: frees */
        continue;
      }
      CHECK(p && is_aligned(p, 16));
      check_filled(p, kept, 5);
      use_whole(p, sizes[k]);
      counted_free(p, sizes[k]);
    }
  }
  void *p = counted_realloc(NULL, 0, 50);
  CHECK(p);
  counted_free(p, 50);
  p = counted_realloc(NULL, 0, 0);
  CHECK(p);
  p = reallocarray(p, 10, 20);
  counts.allocs++, counts.bytes += 200, counts.frees++, counts.reallocs++;
  CHECK(p && malloc_usable_size(p) >= 200);
  counted_free(p, 200);
}

static void errno_is_kept(void) {
  for (size_t i = 0; i < COUNT(sizes); i++) {
    void *p = counted(malloc(sizes[i]), sizes[i]);
    errno = 1234;
    counted_free(p, sizes[i]);
    CHECK(errno == 1234);
  }
  free(NULL);
  CHECK(malloc_usable_size(NULL) == 0);
}

static void reused_memory_is_zeroed(void) {
  for (int i = 0; i < 1000; i++) {
    size_t size = 16 + i % 500;
    void *p = counted(malloc(size), size);
    memset(p, 0xFF, malloc_usable_size(p));
    counted_free(p, size);
    unsigned char *q = counted(calloc(1, size), size);
    for (size_t k = 0; k < size; k++) CHECK(q[k] == 0);
    counted_free(q, size);
  }
}

int main(void) {
  plain();
  aligned();
  wrong_alignment();
  counts.failed++; /* memalign(SIZE_MAX, 1) */
  counts.failed += 3; /* posix_memalign with a wrong alignment */
  too_large();
  reallocs();
  errno_is_kept();
  reused_memory_is_zeroed();
  print_counts(&counts);
  return 0;
}
