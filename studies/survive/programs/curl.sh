# what: curl reads a 3 MB file by file:// and from a local HTTP server (ranges, many URLs at once, a missing page); hashes and statuses
# needs: curl python3
# counts: curl python3
text 30000 > page.txt
serve python3 -m http.server --bind 127.0.0.1 "$PORT"
curl -sS "file://$PWD/page.txt" | sha256sum
url=http://127.0.0.1:$PORT
curl -sS "$url/page.txt" | sha256sum
curl -sS -r 1000-1999 "file://$PWD/page.txt" | sha256sum
curl -sS -Z "$url/page.txt#[1-8]" -o 'copy-#1' 2> /dev/null
sha256sum copy-*
curl -sS -o /dev/null -w '%{http_code} %{size_download}\n' "$url/page.txt" "$url/missing"
curl -sS -I "$url/page.txt" | tr -d '\r' | grep -i '^content-length'
status=0
curl -sS "$url/missing" -f -o missing 2> /dev/null || status=$?
echo "status $status"
stop
