// What a C++ program counts that does nothing.
#include "said.h"
#include <iostream>
#include <thread>
int main() { return 0; }
