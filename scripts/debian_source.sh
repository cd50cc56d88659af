#!/bin/bash
# Fetches the upstream archive of a Debian source package and unpacks it, for the third-party code
# that is built with ours and never committed. It comes through the machine's own apt sources, with
# apt's signatures checked, and must have the digest that is given as well.
#
# usage: debian_source.sh PACKAGE ARCHIVE SHA256 DIRECTORY
#
# Nothing of the machine's apt is changed: lists, cache and sources are private to this run.
set -euo pipefail

[ $# -eq 4 ] || { sed -n '5,6s/^# //p' "$0" >&2; exit 2; }
package=$1 archive=$2 sha256=$3 directory=$4

mkdir -p "$(dirname "$directory")"
exec 9>"$directory.lock" # two builds may want the same
flock 9
# What stands in .complete: a build's "clean" takes the files that it used, and leaves that.
state() { echo "$sha256 $(find "$directory" -type f ! -name .complete | wc -l)"; }
[ ! -f "$directory/.complete" ] || [ "$(cat "$directory/.complete")" != "$(state)" ] || exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{lists,parts,archives,state,download}

# The machine's sources, each as a source of source packages.
sources=/etc/apt
for file in "$sources"/sources.list "$sources"/sources.list.d/*.list; do
    [ ! -f "$file" ] || sed -n 's/^deb\(-src\)\? /deb-src /p' "$file" | sort -u \
        >"$scratch/parts/$(basename "$file" .list).list"
done
for file in "$sources"/sources.list.d/*.sources; do
    [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" \
        >"$scratch/parts/$(basename "$file")"
done
cat >"$scratch/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$scratch/parts";
Dir::State "$scratch/state";
Dir::State::lists "$scratch/lists";
Dir::Cache "$scratch";
APT::Sandbox::User "";
CONF
export APT_CONFIG=$scratch/apt.conf

log=$scratch/log
if ! { apt-get -q update && cd "$scratch/download" &&
    apt-get -q source --download-only "$package"; } >"$log" 2>&1 </dev/null; then
    echo "debian_source: cannot fetch the source of $package:" >&2
    tail -n 3 "$log" >&2
    exit 1
fi
echo "$sha256  $archive" | sha256sum --check --quiet || {
    echo "debian_source: $archive is not the file that this was made with" >&2
    exit 1
}
rm -rf "$directory"
mkdir "$directory"
tar -xf "$archive" -C "$directory" --strip-components=1
state >"$directory/.complete"
