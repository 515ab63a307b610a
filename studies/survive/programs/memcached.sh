# what: memcached with four threads stores 2000 values of 1 to 60000 bytes, changes and deletes some, and every value is read back; hash of all answers
# needs: memcached
# counts: memcached
serve memcached -l 127.0.0.1 -p "$PORT" -U 0 -t 4 -m 256 -u "$(id -un)"
awk 'BEGIN {
  for (i = 0; i < 2000; i++) { size = 1 + (i * 7919) % (i % 50 ? 1000 : 60000); value = sprintf("%0" size "d", i)
    printf "set k%d 0 0 %d\r\n%s\r\n", i, size, value }
  for (i = 0; i < 2000; i += 3) printf "append k%d 0 0 5\r\nhello\r\n", i
  for (i = 0; i < 2000; i += 7) printf "delete k%d\r\n", i
  for (i = 0; i < 500; i++) printf "set n 0 0 1\r\n5\r\nincr n %d\r\n", i
  for (i = 0; i < 2000; i++) printf "get k%d\r\n", i
  printf "quit\r\n" }' > requests
for client in 1 2; do
  exec 3<> "/dev/tcp/127.0.0.1/$PORT"
  cat requests >&3 &
  cat <&3 | sha256sum
  wait $!
  exec 3>&-
done
stop
