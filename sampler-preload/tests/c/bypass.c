// Takes the address of malloc; with -DOWN it also brings one of its own, which is what every call in the process then reaches.
#include <stddef.h>
#include <stdlib.h>

#ifdef OWN
static _Alignas(16) char arena[1 << 20];
static size_t used;
void *malloc(size_t size) {
    void *block = arena + used;
    used += (size + 15) / 16 * 16;
    return used <= sizeof arena ? block : NULL;
}
void free(void *block) { (void)block; }
void *calloc(size_t count, size_t size) { return malloc(count * size); }
void *realloc(void *block, size_t size) { (void)block; return malloc(size); }
#endif

int main(void) {
    void *(*volatile take)(size_t) = malloc;
    void *block = take(10);
    free(block);
    return block == NULL;
}
