# what: openssl hashes, encrypts and decrypts 2 MB, makes an RSA key, signs, verifies, makes a certificate and serves TLS to itself; hashes of what is fixed, verdicts of the rest
# needs: openssl
# counts: openssl
text 20000 > text
openssl dgst -sha3-256 text
openssl dgst -blake2b512 text
for cipher in aes-256-cbc chacha20 camellia-128-cbc; do
  openssl enc -"$cipher" -K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 000102030405060708090a0b0c0d0e0f -in text -out "$cipher" 2> /dev/null
  openssl enc -d -"$cipher" -K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 000102030405060708090a0b0c0d0e0f -in "$cipher" 2> /dev/null | cmp - text
  sha256sum "$cipher"
done
openssl genrsa -out key.pem 2048 2> /dev/null
openssl rsa -in key.pem -check -noout 2>&1
openssl rsa -in key.pem -pubout -out public.pem 2> /dev/null
openssl dgst -sha256 -sign key.pem -out signature text
openssl dgst -sha256 -verify public.pem -signature signature text
openssl req -x509 -new -key key.pem -subj /CN=localhost -days 2 -out certificate.pem
openssl verify -CAfile certificate.pem certificate.pem
serve openssl s_server -accept "127.0.0.1:$PORT" -key key.pem -cert certificate.pem -WWW -quiet
for ((i = 0; i < 5; i++)); do
  printf 'GET /text HTTP/1.0\r\n\r\n' | openssl s_client -connect "127.0.0.1:$PORT" -CAfile certificate.pem -quiet -verify_return_error 2> /dev/null | sed '1,/^\r*$/d' | sha256sum
done
stop
