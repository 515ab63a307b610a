# what: sed substitutes with back-references, moves between its spaces, edits in place; hash or text
# needs: sed
# counts: sed
text 30000 > text
sed -E 's/([a-z]{2})([0-9]+)/\2\1/g; s/^[0-9]+ //' text | sha256sum
head -n 1500 text | sed -n '1!G;h;$p' | sha256sum
sed -E ':a; N; 20!ba; s/\n/+/g' text | cut -c1-200 | sha256sum
sed -i.old -e '/7$/d' -e 'y/abc/xyz/' text
wc -l < text
sed = text | sed 'N; s/\n/ /' | tail -n 1
