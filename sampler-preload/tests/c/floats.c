/* Allocates in every way with a floating-point environment of its own, named by FLOATS, and looks whether it is as before after each call. */
#define _GNU_SOURCE
#include <fenv.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xmmintrin.h>

/* The flags of all exceptions; flush to zero and denormals as zeros. */
enum { FLAGS = 0x3F, FLUSH = 0x8040 };
struct environment {
  unsigned mxcsr;
  unsigned short control, status;
};
static struct environment ours;

static struct environment now(void) {
  struct environment found = {.mxcsr = _mm_getcsr()};
  __asm__ volatile("fnstcw %0; fnstsw %1" : "=m"(found.control), "=m"(found.status));
  return found;
}
static void check(int line) {
  struct environment found = now();
  if (memcmp(&found, &ours, sizeof ours)) {
    dprintf(2, "after line %d: mxcsr %x for %x, control %x for %x, status %x for %x\n", line, found.mxcsr, ours.mxcsr, found.control, ours.control, found.status, ours.status);
    _exit(97);
  }
}
#define AFTER(call) do { call; check(__LINE__); } while (0)

static void set(const char *name) {
  if (!strcmp(name, "traps")) feenableexcept(FE_ALL_EXCEPT); /* the inexact one too, which nearly all arithmetic raises */
  if (!strcmp(name, "trap_denormals")) _mm_setcsr(_mm_getcsr() & ~0x100);
  if (!strcmp(name, "up")) fesetround(FE_UPWARD);
  if (!strcmp(name, "down")) fesetround(FE_DOWNWARD);
  if (!strcmp(name, "to_zero")) fesetround(FE_TOWARDZERO);
  if (!strcmp(name, "flush")) _mm_setcsr(_mm_getcsr() | FLUSH);
  if (!strcmp(name, "flags")) _mm_setcsr(_mm_getcsr() | FLAGS);
  ours = now();
}
static void work(void) {
  static __thread void *blocks[64];
  for (unsigned i = 0; i < 6000; i++) {
    void **block = &blocks[i * 7 % 64];
    size_t size = i % 13 ? i * 37 % 700 : i * 101 % 30000;
    AFTER(free(*block));
    switch (i % 5) {
    case 0: AFTER(*block = calloc(1, size)); break;
    case 1: AFTER(*block = aligned_alloc(64, size)); break;
    default: AFTER(*block = malloc(size));
    }
    void *moved = NULL;
    if (i % 3 == 0) AFTER(moved = realloc(*block, size * 2 + 1));
    if (moved) *block = moved;
    if (i % 500 == 0) AFTER(moved = malloc(PTRDIFF_MAX));
    AFTER(malloc_usable_size(*block));
  }
  for (int i = 0; i < 64; i++) {
    AFTER(free(blocks[i]));
    blocks[i] = NULL;
  }
}
static void *thread(void *unused) {
  check(__LINE__);
  work();
  return unused;
}
int main(void) {
  set(getenv("FLOATS"));
  work();
  for (int i = 0; i < 2; i++) {
    pthread_t id;
    pthread_create(&id, NULL, thread, NULL);
    pthread_join(id, NULL);
  }
  check(__LINE__);
  int status;
  pid_t child = fork();
  check(__LINE__);
  if (!child) {
    work();
    exit(0);
  }
  waitpid(child, &status, 0);
  return status != 0;
}
