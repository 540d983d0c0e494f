#!/bin/sh
# Make a certification authority and a server certificate for tests.
#
#   make_cert.sh DIR
#
# DIR gets ca.crt, server.crt, server.key (for localhost, 127.0.0.1 and ::1) and
# wrong.crt, wrong.key (for wrong.example, signed by the same authority), and
# other-ca.crt, which has signed neither.  Nothing is made where server.crt is.
set -eu
dir=${1:?usage: make_cert.sh DIR}
mkdir -p "$dir"
[ -s "$dir/server.crt" ] && exit 0

authority() {
	openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj "/CN=$2" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
		-keyout "$dir/$1.key" -out "$dir/$1.crt" 2>/dev/null
}

server() {
	openssl req -newkey rsa:2048 -nodes -sha256 -subj "/CN=$2" \
		-keyout "$dir/$1.key" -out "$dir/$1.csr" 2>/dev/null
	printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$3" > "$dir/$1.ext"
	openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial \
		-sha256 -days 3650 -extfile "$dir/$1.ext" -out "$dir/$1.tmp" 2>/dev/null
	mv "$dir/$1.tmp" "$dir/$1.crt"
	rm -f "$dir/$1.csr" "$dir/$1.ext"
}

authority ca "brim test authority"
authority other-ca "another test authority"
rm -f "$dir/other-ca.key"
server wrong wrong.example DNS:wrong.example
server server localhost DNS:localhost,IP:127.0.0.1,IP:::1
chmod 600 "$dir"/*.key
