# what: hides the program that is looked at from the library
# needs: env
# counts: ls
env -u LD_PRELOAD ls
