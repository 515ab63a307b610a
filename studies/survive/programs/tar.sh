# what: tar packs a tree with links and long names, lists it, changes and extracts it, through gzip and xz; hash, list, and the tree must be the same
# needs: tar gzip xz
# counts: tar
mkdir -p tree/{a,b,c}/$(printf '%0120d' 7)
numbers 150 3 | while read -r n; do echo "$n" > "tree/a/$n"; text $((n % 20)) > "tree/b/$n"; done
ln -s ../a tree/c/link
ln tree/a/[1-9]* tree/c/
fixed=(--sort=name --mtime=@1700000000 --owner=0 --group=0 --numeric-owner)
tar "${fixed[@]}" -cf tree.tar tree
sha256sum tree.tar
tar -tvf tree.tar | sha256sum
tar "${fixed[@]}" -czf tree.tar.gz tree
tar "${fixed[@]}" --format=pax -cJf tree.tar.xz tree
mkdir out other
tar -xf tree.tar.gz -C out
tar -xf tree.tar.xz -C other
diff -r tree out/tree
diff -r tree other/tree
tar --delete -f tree.tar tree/b
tar -tf tree.tar | wc -l
