// 64 blocks of different sizes, each freed and allocated again 1000 times: under glibc at one address each.
#include <stdlib.h>

int main(void) {
    for (size_t size = 16; size <= 64 * 16; size += 16) {
        for (int turn = 0; turn < 1000; turn++) {
            char *volatile block = malloc(size);
            if (!block) return 1;
            block[0] = 1;
            free(block);
        }
    }
    return 0;
}
