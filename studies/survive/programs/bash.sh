# what: loops, arrays, associative arrays, substitutions, subshells, here-documents and signals in bash; printed
# needs: bash
# counts: bash
# quick
bash -euo pipefail -c '
sum=0
words=()
declare -A seen
for ((i = 0; i < 20000; i++)); do
  words+=("word-$((i * 7919 % 10007))")
  sum=$((sum + i))
  seen[k$((i % 997))]+="$i,"
done
echo "$sum ${#words[@]} ${#seen[@]} ${seen[k13]:0:40}"
printf "%s\n" "${words[@]}" | sort | uniq -c | sort -k1,1nr -k2 | sed -n 1,5p
for i in {1..50}; do value=$(echo "$i" | (read -r x; echo $((x * x)))); echo -n "$value "; done
echo
text=$(printf "%s" "${words[@]:0:3000}"); text=${text//word/W}
echo "${#text} ${text:100:30} ${text^^}" | cut -c1-80
trap "echo caught" USR1
kill -USR1 $$
while read -r a b; do echo "$b $a"; done <<< "$(printf "x y\nz w\n")"
cat <<END
$(for i in 1 2 3; do echo "line $i"; done)
END
coproc adder { while read -r x y; do echo $((x + y)); done; }
for i in 1 2 3; do echo "$i $i" >&"${adder[1]}"; read -r sum <&"${adder[0]}"; echo "$sum"; done
# Waited for, or it may outlive all others by an instant, as a descendant whose counts are not whole.
adder_pid=$adder_PID
exec {adder[1]}>&-
wait "$adder_pid"
'
