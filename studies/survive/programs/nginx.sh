# what: nginx with two workers serves files, plain and compressed, under wrk and ab, is reloaded under load; no request fails, bodies equal the files
# needs: nginx wrk ab curl
# counts: nginx wrk ab curl
mkdir -p www logs
text 3000 > www/large.txt
text 10 > www/small.txt
cat > nginx.conf << END
daemon off; worker_processes 2; pid $PWD/nginx.pid; error_log $PWD/logs/error.log;
$([ "$(id -u)" != 0 ] || echo "user $(id -un);")
events { worker_connections 256; }
http {
  access_log $PWD/logs/access.log; root $PWD/www; gzip on; gzip_types text/plain; default_type text/plain;
  client_body_temp_path $PWD/t1; proxy_temp_path $PWD/t2; fastcgi_temp_path $PWD/t3; uwsgi_temp_path $PWD/t4; scgi_temp_path $PWD/t5;
  server { listen 127.0.0.1:$PORT; location /again/ { proxy_pass http://127.0.0.1:$PORT/; } }
}
END
serve nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/logs/error.log"
url=http://127.0.0.1:$PORT
for path in large.txt small.txt again/large.txt; do
  curl -sS "$url/$path" | cmp - "www/${path##*/}"
  curl -sS --compressed "$url/$path" | cmp - "www/${path##*/}"
done
wrk -t 2 -c 16 -d 1s "$url/small.txt" > wrk.out
grep -e 'Non-2xx' -e 'Socket errors' wrk.out || echo 'wrk saw no error'
ab -q -n 1000 -c 4 -k -H 'Accept-Encoding: gzip' "$url/again/large.txt" > ab.out 2>&1
grep -e '^Complete requests' -e '^Failed requests' -e '^Non-2xx' ab.out
# Without keep-alive: a reload closes idle connections, which ab counts as failures.
ab -q -n 1500 -c 8 "$url/large.txt" > ab.out 2>&1 &
load=$!
kill -HUP "$server"
wait $load
grep -e '^Complete requests' -e '^Failed requests' -e '^Non-2xx' ab.out
curl -sS "$url/large.txt" | sha256sum
stop QUIT
grep -v -e notice logs/error.log || true
