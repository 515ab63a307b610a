# what: compresses 2 MB with bzip2 and back; hash of the compressed file, and the text must be the same
# needs: bzip2
# counts: bzip2
text 20000 > text
bzip2 -k text
sha256sum text.bz2
bzip2 -dc text.bz2 | cmp - text
