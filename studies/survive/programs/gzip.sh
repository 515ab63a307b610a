# what: compresses 3 MB with gzip at two levels and back; hashes of the compressed files, and the text must be the same
# needs: gzip
# counts: gzip
text 30000 > text
gzip -n -1 -c text > fast.gz
gzip -n -9 -c text > best.gz
sha256sum fast.gz best.gz
gzip -dc fast.gz | cmp - text
gzip -t best.gz
# gzip allocates little by itself; the command above must have been seen all the same.
gzip -l best.gz | awk 'NR == 2 { print $2 }'
