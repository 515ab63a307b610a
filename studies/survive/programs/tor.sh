# what: tor in its own sandbox, a filter of system calls that checks arguments, answers a controller: all options, a change of some, a reload; hash of all answers
# needs: tor
# counts: tor
# quick
cat > torrc << END
Sandbox 1
DisableNetwork 1
SocksPort 0
ControlPort 127.0.0.1:$PORT
DataDirectory $PWD/data
GeoIPFile /dev/null
GeoIPv6File /dev/null
END
serve tor -f "$PWD/torrc" --defaults-torrc /dev/null
exec 3<> "/dev/tcp/127.0.0.1/$PORT"
{
  printf 'AUTHENTICATE ""\r\n'
  for turn in {1..40}; do
    printf 'GETINFO config/names\r\nGETINFO config/defaults\r\nSETCONF Nickname=name%d ContactInfo="%0*d"\r\n' "$turn" $((turn * 50)) 7
    printf 'GETCONF Nickname ContactInfo\r\nMAPADDRESS 0.0.0.0=example%d.com\r\nGETINFO address-mappings/all\r\n' "$turn"
  done
  printf 'SIGNAL RELOAD\r\nGETCONF Nickname\r\nSIGNAL HALT\r\n'
} >&3 &
# Each name is mapped to a random address, in no order.
sed 's/127\.[0-9.]*/ADDRESS/g' <&3 > answers
wait $!
exec 3>&-
grep -c '^250' answers
sort answers | sha256sum
status=0
wait "$server" || status=$?
servers=()
echo "tor ended with status $status"
