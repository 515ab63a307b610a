// 64 addresses that serve two sizes of different bins: with a header both are chunks of 64 bytes. 1000 times the smaller, 500 times the larger, of each.
#include <stdlib.h>

static void *volatile block[64];

static void allocate_all(size_t size) {
    for (int i = 0; i < 64; i++) block[i] = malloc(size);
    for (int i = 64; i > 0; i--) free(block[i - 1]);
}

int main(void) {
    for (int turn = 0; turn < 1500; turn++) allocate_all(turn % 3 ? 32 : 33);
    return 0;
}
