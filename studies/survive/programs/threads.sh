# what: a C program: 400 short threads, blocks freed by other threads, growing reallocs, aligned blocks; its own checks, and its sums are printed
# needs: gcc
# counts: program
# quick
cat > program.c << 'END'
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
enum { THREADS = 8, TURNS = 20000, SHARED = 256 };
static void *shared[SHARED];
static void *work(void *argument) {
    uint64_t state = (uintptr_t)argument + 1, sum = 0;
    for (int i = 0; i < TURNS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t size = (state >> 33) % 2000, alignment = (size_t)16 << (state >> 60);
        unsigned char *block = i % 5 ? malloc(size + 1) : aligned_alloc(alignment, size + 1);
        if (!block || (i % 5 == 0 && (uintptr_t)block % alignment)) abort();
        memset(block, (int)size, malloc_usable_size(block));
        if (i % 3 == 0) { block = realloc(block, size * 3 + 1); for (size_t k = 0; k <= size; k++) if (block[k] != (unsigned char)size) abort(); }
        sum += size;
        free(__atomic_exchange_n(&shared[state % SHARED], block, __ATOMIC_ACQ_REL));
    }
    return (void *)(uintptr_t)sum;
}
static void *brief(void *argument) { char *block = calloc(1, 100); if (!block || block[99]) abort(); free(block); return argument; }
int main(void) {
    pthread_t threads[THREADS], one;
    for (uintptr_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < THREADS; i++) { void *sum; pthread_join(threads[i], &sum); printf("%zu\n", (size_t)sum); }
    for (int i = 0; i < 400; i++) { pthread_create(&one, NULL, brief, NULL); pthread_join(one, NULL); }
    for (int i = 0; i < SHARED; i++) free(shared[i]);
    puts("done");
}
END
gcc -O1 -fno-builtin -pthread -o program program.c
./program
