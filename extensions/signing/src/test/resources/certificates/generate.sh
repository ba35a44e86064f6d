#!/usr/bin/env bash
# usage: generate.sh   Makes the certificates of the tests anew, beside this script. The key signs models of tests only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
days=20000

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2> /dev/null; }

# root NAME: a self-signed authority
root() {
  key "$work/$1.key"
  openssl req -x509 -new -key "$work/$1.key" -subj "/O=Inflight tests/CN=$1" -days $days -sha256 -out "$1.pem" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
}

# issue NAME KEY ISSUER DAYS EXTENSIONS: a certificate of KEY
issue() {
  openssl req -new -key "$2" -subj "/O=Inflight tests/CN=$1" -out "$work/$1.csr"
  printf '%b\n' "$5" > "$work/$1.ext"
  openssl x509 -req -in "$work/$1.csr" -CA "$3.pem" -CAkey "$work/$3.key" -CAcreateserial -CAserial "$work/serial" \
    -days "$4" -sha256 -extfile "$work/$1.ext" -out "$1.pem" 2> /dev/null
}

root root
root other-root
key "$work/intermediate.key"
issue intermediate "$work/intermediate.key" root $days "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign"
key signer.key
signing="basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning"
issue signer signer.key intermediate $days "$signing"
issue short signer.key intermediate 1 "$signing"
issue server signer.key intermediate $days "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth"
issue encipher signer.key intermediate $days "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyEncipherment"
# The signer plays an authority, which its certificate does not allow.
cp signer.key "$work/signer.key"
issue below-signer signer.key signer $days "$signing"
# A key as openssl writes it in SEC1, refused.
openssl ec -in signer.key -out sec1.key 2> /dev/null
