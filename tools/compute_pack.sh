#!/usr/bin/env bash
# compute_pack.sh OUT.tar.gz: packs what a GPU node needs to build mirst: the committed sources, their revision, and
# packages.txt, the Debian packages to install there (tools/apt-packages.txt without libtorch-dev, which is CPU only).
# LibTorch 2.x with CUDA is not packed: unpack it there and set LIBTORCH to its folder. Then
#   cmake --preset compute && cmake --build --preset compute
set -euo pipefail
if (($# != 1)) || [[ $1 == -* ]]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0"
  exit 2
fi
out=$(realpath -m "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[[ -e $out ]] && { echo "compute_pack: error: $out exists" >&2; exit 3; }
if [[ -n $(git -C "$root" status --porcelain --untracked-files=no) ]]; then
  echo "compute_pack: error: the working tree has changes that are not committed; the pack holds commits only" >&2
  exit 3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/mirst"
git -C "$root" archive HEAD | tar -x -C "$work/mirst"  # writes the revision into cmake/archive_revision.txt
sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' -e '/^libtorch-dev$/d' "$root/tools/apt-packages.txt" >"$work/mirst/packages.txt"
mkdir -p "$(dirname "$out")"
tar -C "$work" --owner=0 --group=0 --sort=name -czf "$out.part" mirst
mv "$out.part" "$out"
echo "$out: $(du -h "$out" | cut -f1), revision $(cat "$work/mirst/cmake/archive_revision.txt")"
