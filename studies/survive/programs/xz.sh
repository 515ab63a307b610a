# what: compresses 3 MB with xz on two threads and back; hash of the compressed file, and the text must be the same
# needs: xz
# counts: xz
text 30000 > text
xz -k -T 2 --block-size=500KiB -3 text
sha256sum text.xz
xz -dc -T 2 text.xz | cmp - text
xz --robot --list text.xz | grep '^totals' | cut -f 2-5
xz -k -1 --format=lzma -c text | xz -dc | cmp - text
