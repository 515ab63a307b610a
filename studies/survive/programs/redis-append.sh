# what: redis-server (over jemalloc): values grow by APPEND and SETRANGE, each is read back after each step and must be what a model says; then saved by a forked child and loaded again
# needs: redis-server redis-cli
# counts: redis-server redis-cli
# quick
start() { serve redis-server --bind 127.0.0.1 --port "$PORT" --dir "$PWD" --save '' --appendonly no --daemonize no; }
ask() { redis-cli -h 127.0.0.1 -p "$PORT" "$@"; }
start
# 40 keys, 60 steps; the model is awk's own strings.
awk 'BEGIN {
  for (step = 1; step <= 60; step++) for (k = 0; k < 40; k++) {
    piece = sprintf("%0" (1 + (step * 31 + k * 17) % 211) "d", step)
    if (step % 4) { value[k] = value[k] piece; print "APPEND k" k " " piece > "requests"; print length(value[k]) > "expected" }
    else {
      # From its middle on, and over its end.
      at = int(length(value[k]) / 2)
      value[k] = substr(value[k], 1, at) piece substr(value[k], at + length(piece) + 1)
      print "SETRANGE k" k " " at " " piece > "requests"; print length(value[k]) > "expected"
    }
    print "GET k" k > "requests"; print value[k] > "expected"
  } }'
ask < requests > answers
cmp answers expected
wc -l < answers
for ((i = 0; i < 20; i++)); do ask SETRANGE far "$((i * 5000))" "end-$i"; done
ask GET far | sha256sum
ask SET big "$(text 500)"
for ((i = 0; i < 10; i++)); do ask APPEND big "$(text 300)"; done
ask GET big | sha256sum
ask BGSAVE
for ((i = 0; i < 200; i++)); do if ask INFO persistence | grep -q rdb_bgsave_in_progress:0; then break; fi; sleep 0.02; done
ask INFO persistence | tr -d '\r' | grep rdb_last_bgsave_status
stop
start
{ for ((k = 0; k < 40; k++)); do echo "GET k$k"; done; echo 'GET far'; echo 'GET big'; } | ask | sha256sum
stop
