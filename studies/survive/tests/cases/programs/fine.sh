# what: prints the same each time
# needs: bash
# counts: bash
echo "$0" | wc -l
