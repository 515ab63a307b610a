/* What a C program counts that does nothing. */
#include "said.h"
int main(void) { return 0; }
