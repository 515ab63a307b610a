# what: mawk counts words, splits, substitutes and recurses; printed
# needs: mawk
# counts: mawk
text 30000 > text
mawk '{ for (i = 2; i <= NF; i++) { count[substr($i, 1, 2)]++; gsub(/[0-9]/, "", $i); total += length($i) } } END { for (k in count) print k, count[k]; print total }' text | sort | sha256sum
mawk 'function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) } BEGIN { print fib(20); s = "x"; for (i = 0; i < 16; i++) s = s s; print length(s); n = split(s, parts, ""); print n }'
