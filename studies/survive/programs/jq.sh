# what: jq parses, groups, sorts and prints a JSON file of 20000 objects, and big strings; printed
# needs: jq
# counts: jq
numbers 8000 1 | awk '{ printf "{\"id\": %d, \"group\": \"g%d\", \"nested\": {\"list\": [%d, %d.5, null, true]}}\n", $1, $1 % 37, $1 % 5, $1 % 7 }' > lines
jq -s -c 'group_by(.group) | map({group: .[0].group, n: length, sum: (map(.nested.list[0]) | add)}) | sort_by(.n, .group) | .[:8][]' lines
jq -s 'map(.id) | (min, max, length, (map(tostring) | join(",") | length))' lines
jq -c 'select(.id % 1000 == 7) | .nested.list += [.id]' lines
jq -n '[range(50000)] | map(. * .) | add'
jq -s -c 'map(@base64 "\(.id)") | .[:3]' lines
