# what: needs what nobody has
# needs: bash no-such-program
# counts: bash
