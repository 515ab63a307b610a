# what: prints what tells that the library is there
# needs: bash
# counts: bash
echo fine
echo "preload: ${LD_PRELOAD:-none}"
