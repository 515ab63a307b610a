# what: grep with fixed strings, expressions, back-references, a file of patterns, and recursion; printed or counted
# needs: grep
# counts: grep
text 30000 > text
numbers 500 1 | cut -c1-4 > patterns
grep -c -F -f patterns text
grep -c -E '(a|b)[c-f]{1,2}[0-9]+ .*(yz|zy)' text
grep -n -E '([a-z]{2})[0-9]+ \1' text | sed -n 1,5p
grep -o -i 'Q[a-m][0-9]*' text | sort | uniq -c | sort -k1,1nr -k2 | sed -n 1,5p
mkdir -p a/b c
cp text a/b/
cp patterns c/
grep -r -c 77 . | sort
grep -c -v -w -P '\d+ (?=[aeiou])' text
