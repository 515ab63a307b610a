# what: gawk counts words, sorts arrays, matches expressions and calls functions; printed
# needs: gawk
# counts: gawk
text 20000 > text
gawk '{ for (i = 2; i <= NF; i++) { count[substr($i, 1, 2)]++; total += length($i) } }
  END { n = asorti(count, keys); for (i = 1; i <= n; i += 50) print keys[i], count[keys[i]]; print n, total }' text
gawk '{ if (match($0, /([a-z]+)([0-9]+) ([a-z]+)/, part)) sums[part[1]] += part[2] }
  END { PROCINFO["sorted_in"] = "@ind_str_asc"; for (k in sums) { if (++n % 40 == 0) print k, sums[k] } }' text
gawk 'function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) } BEGIN { print fib(20); s = "x"; for (i = 0; i < 16; i++) s = s s; print length(s); print toupper(gensub(/x{3}/, "y", "g", substr(s, 1, 20))) }'
