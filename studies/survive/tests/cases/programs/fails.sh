# what: ends well only without the library
# needs: bash
# counts: bash
[ -z "${LD_PRELOAD:-}" ] || fail 'my own check'
