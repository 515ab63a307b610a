# what: gdb in batch mode stops a program at a breakpoint, prints its stack and variables, steps and continues; printed
# needs: gdb gcc
# counts: gdb program
cat > program.c << 'END'
#include <stdio.h>
#include <stdlib.h>
struct node { int value; struct node *next; };
static int sum(struct node *list) { int total = 0; for (; list; list = list->next) total += list->value; return total; }
int main(void) {
    struct node *list = NULL;
    for (int i = 1; i <= 10; i++) { struct node *node = malloc(sizeof *node); node->value = i; node->next = list; list = node; }
    int total = sum(list);
    printf("total %d\n", total);
    return total - 55;
}
END
gcc -g -O0 -o program program.c
cat > commands << 'END'
set confirm off
set print address off
set debuginfod enabled off
break sum
run
backtrace
print list->value
print list->next->next->value
finish
next
info locals
ptype struct node
continue
END
gdb -nx -q --batch -x commands ./program 2> /dev/null | grep -v -e '^Using host libthread_db' -e 'process [0-9]' -e '^node = ' -e '^list = '
