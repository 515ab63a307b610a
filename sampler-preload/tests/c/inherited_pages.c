// A child frees blocks that its parent allocated from pages in which it has blocks of its own, then its own, and allocates a few
// again: it frees more than it allocated.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 4000 };
static void *volatile block[BLOCKS];

static void allocate(int from, int step) {
    for (int i = from; i < BLOCKS; i += step) block[i] = malloc(100);
}

static void release(int from, int step) {
    for (int i = from; i < BLOCKS; i += step) free(block[i]);
}

int main(void) {
    allocate(0, 1);
    pid_t pid = fork();
    if (pid < 0) return 1;
    if (pid == 0) {
        release(0, 2);
        allocate(0, 2);
        release(1, 2);
        release(0, 2);
        allocate(0, 4);
        return 0;
    }
    int status;
    return waitpid(pid, &status, 0) != pid || status;
}
