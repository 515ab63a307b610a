# what: compresses 3 MB with zstd on two threads, at a high level, with a dictionary, and back; hashes, and the text must be the same
# needs: zstd
# counts: zstd
text 30000 > text
zstd -q -T2 -B512KB text -o text.zst
zstd -q -15 --single-thread text -o best.zst
sha256sum text.zst best.zst
zstd -q -dc text.zst | cmp - text
zstd -q -dc best.zst | cmp - text
split -l 100 text part-
zstd -q --train part-* -o dictionary --maxdict=20000
zstd -q -D dictionary part-aa part-ab
zstd -q -dc -D dictionary part-ab.zst | cmp - part-ab
sha256sum dictionary part-aa.zst
