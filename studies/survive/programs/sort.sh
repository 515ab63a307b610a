# what: sort with four threads and a small buffer, merging from files compressed by gzip; numeric, by key, unique; hashes
# needs: sort gzip
# counts: sort
# quick
text 60000 > text
sort --parallel=4 -S 2M -T . --compress-program=gzip text | sha256sum
sort --parallel=4 -S 32M -k3,3 -k5,5r text | sha256sum
sort --parallel=4 -n -r -k1,1 text | sed -n 1,3p
cut -d ' ' -f 3 text | sort -u --parallel=2 | wc -l
# By a pipe, whose both ends the shell waits for.
sort -V text | sort -V -c && echo sorted
