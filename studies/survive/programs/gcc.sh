# what: gcc compiles and links 2000 functions at -O2 with debug information; hash of the object, and its program runs
# needs: gcc
# counts: gcc cc1 as ld
# quick
for ((i = 0; i < 400; i++)); do
  echo "static int f$i(int x) { for (int k = 0; k < x; k++) x ^= (x >> 3) + $i * k; return x % 1000; }"
done > functions.h
{
  printf '#include <stdio.h>\n#include "functions.h"\nint main(void) { long sum = 0;\n'
  for ((i = 0; i < 400; i++)); do echo "sum += f$i($i);"; done
  echo 'printf("%ld\n", sum); }'
} > program.c
gcc -O2 -g -fdebug-prefix-map="$PWD"=. -c program.c
sha256sum program.o
gcc -o program program.o
./program
status=0
echo 'int f(void) { return x; }' > wrong.c
gcc -c wrong.c 2> said || status=$?
grep -c error: said
echo "status $status"
