# what: never prints the same
# needs: bash
# counts: bash
echo "$$ $RANDOM $RANDOM $RANDOM"
