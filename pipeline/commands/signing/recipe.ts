/** The script that signs exported requests where the key is. It needs no Caisson. */
import type { RequestList } from '../../formats/signature-requests.ts';

/** Text of a POSIX shell script. Names of files hold letters, digits, dots and dashes only. */
export function signingRecipe({ image, version, epoch, requests }: RequestList): string {
  return `#!/bin/sh
# Signs ${requests.length} EFI programs of ${image} ${version}. Needs osslsigncode 2.5 or newer, and no network.
#
#   ./sign.sh CERTIFICATE KEY [OPTION of osslsigncode]...
#
# CERTIFICATE and KEY are PEM files. For a key in a token:
#   ./sign.sh db.crt "pkcs11:token=...;object=..." -pkcs11engine /usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so -pkcs11module MODULE
#
# Each NAME.p7 asks for the signature of the program whose digest it holds; NAME.signed.p7 is the answer. The same key
# always gives the same bytes: the signing time is that of the image.
set -eu
[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \\{0,1\\}//p' "$0" >&2; exit 2; }
certificate=$1
key=$2
shift 2
folder=$(dirname "$0")
for name in ${requests.map(each => each.file.replace(/\.p7$/, '')).join(' ')}; do
  rm -f "$folder/$name.signed.p7"
  osslsigncode sign -h sha256 -certs "$certificate" -key "$key" -time ${epoch} "$@" \\
    -in "$folder/$name.p7" -out "$folder/$name.signed.p7"
done
`;
}
