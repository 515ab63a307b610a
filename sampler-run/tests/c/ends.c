/* Ends in the way that its arguments name: `ends WAY`, or `ends child WAY` for a child of it that does. A child that stays closes its output first, and
 * the parent prints its pid. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(const char *way) {
    free(malloc(100));
    if (strcmp(way, "_exit") == 0)
        _exit(0);
    if (strcmp(way, "stay") == 0) {
        for (int descriptor = 0; descriptor < 100; descriptor++)
            close(descriptor);
        for (;;)
            pause();
    }
    if (strcmp(way, "kill") == 0)
        kill(getpid(), SIGKILL);
    exit(0);
}

int main(int count, char **arguments) {
    if (count == 3) {
        int end_of_output[2];
        char byte;
        pipe(end_of_output);
        pid_t child = fork();
        if (child == 0)
            end(arguments[2]);
        close(end_of_output[1]);
        read(end_of_output[0], &byte, 1);
        printf("%d\n", child);
        if (strcmp(arguments[2], "stay") == 0)
            return 0;
        waitpid(child, NULL, 0);
        return 0;
    }
    end(arguments[1]);
}
