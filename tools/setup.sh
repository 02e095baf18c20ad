#!/usr/bin/env bash
# Installs the Debian packages of tools/apt-packages.txt that are missing here. Needs no network and no rights, and
# changes nothing, when all are there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$here/apt-packages.txt")
missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "setup: all ${#wanted[@]} packages are installed"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "setup: error: these packages are missing, and neither root nor sudo is here to install them: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
}
echo "setup: installing ${#missing[@]} of ${#wanted[@]} packages: ${missing[*]}"
# The package lists are fetched only where none are there, or where they turn out too old.
if ! apt-cache show "${missing[@]}" >/dev/null 2>&1 || ! install; then
  echo "setup: fetching the package lists"
  "${as_root[@]}" apt-get update
  install
fi
