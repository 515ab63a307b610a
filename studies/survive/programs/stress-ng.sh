# what: stress-ng with --verify: malloc stressors with threads, then mergesort, tree, fork, pthread and tsearch; no status but 0, no complaint
# needs: stress-ng
# counts: stress-ng
run() {
  local status=0
  stress-ng --seed 1 --verify --temp-path "$PWD" --timeout 60 "$@" > said 2>&1 || status=$?
  if [ $status != 0 ] || grep -q -i -e 'fail:' -e 'error:' said; then fail "$*: status $status: $(tail -n 1 said)"; fi
  echo "$1 $2 $3 $4: status $status"
}
run --malloc 2 --malloc-ops 20000 --malloc-bytes 32m --malloc-pthreads 4
run --malloc 1 --malloc-ops 20000 --malloc-touch --malloc-max 2000
run --malloc 1 --malloc-ops 20000 --malloc-zerofree --malloc-thresh 4096
run --mergesort 1 --mergesort-ops 2
run --tree 1 --tree-ops 2 --tree-size 20000
run --fork 1 --fork-ops 200
run --pthread 1 --pthread-ops 200 --pthread-max 32
run --tsearch 1 --tsearch-ops 3
