# what: redis-server under redis-benchmark (16 in a pipe, 50 clients, strings, lists, sets, hashes, sorted sets), active defragmentation asked for; the sizes left behind
# needs: redis-server redis-cli redis-benchmark
# counts: redis-server redis-benchmark
ask() { redis-cli -h 127.0.0.1 -p "$PORT" "$@"; }
serve redis-server --bind 127.0.0.1 --port "$PORT" --dir "$PWD" --save '' --appendonly yes --auto-aof-rewrite-percentage 0 --appendfsync no
redis-benchmark -h 127.0.0.1 -p "$PORT" -q -P 16 -n 20000 -d 300 -t set,get,incr,lpush,rpush,lpop,sadd,hset,zadd,mset > benchmark.out
grep -c 'requests per second' benchmark.out
ask GET counter:__rand_int__
ask LLEN mylist
ask DBSIZE
ask EVAL 'local t = {} for i = 1, 20000 do t[i] = redis.call("RPUSH", "lua", string.rep("x", i % 50)) end return #t' 0
ask LRANGE lua 0 -1 | sha256sum
ask BGREWRITEAOF
for ((i = 0; i < 400; i++)); do if ask INFO persistence | grep -q aof_rewrite_in_progress:0; then break; fi; sleep 0.02; done
ask INFO persistence | tr -d '\r' | grep aof_last_bgrewrite_status
ask FLUSHALL ASYNC
ask DBSIZE
stop
