# Shared by the editor tests; source it, do not run it.
#
# Every test takes its editor from $ORCHESTRA_EDITOR_CACHE (default ~/.cache/orchestra-editors) and installs it there on
# the first run. It prints "SKIP: reason" and exits 0 only where the editor cannot be had, and exits 1 when a check fails.

CACHE=${ORCHESTRA_EDITOR_CACHE:-$HOME/.cache/orchestra-editors}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
PATH=$TOP/.venv/bin:$PATH

skip() { echo "SKIP: $*"; exit 0; }
fail() { echo "FAIL: $*"; exit 1; }

# install PACKAGE: from the system's own packages when this is a Debian machine and we may
install() {
    command -v "$1" >/dev/null 2>&1 && return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || skip "$1 is not installed"
    apt-get install -y --no-install-recommends "$1" >/dev/null 2>&1 ||
        { apt-get update >/dev/null 2>&1 && apt-get install -y --no-install-recommends "$1" >/dev/null 2>&1; } ||
        skip "$1 could not be installed"
}

# The Debian mirror that this machine already uses, from either format of the apt sources.
debian_mirror() {
    local found
    found=$({ cat /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
        awk '/^URIs:/ && $2 ~ /\/debian\/?$/ { print $2; exit }')
    [ -n "$found" ] || found=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
        awk '/^deb / { for (i = 2; i <= NF; i++) if ($i ~ /\/debian\/?$/) { print $i; exit } }')
    [ -n "$found" ] && echo "$found"
}

# debian_tree ROOT SUITE PACKAGE ...: unpack packages with all they need into ROOT, without touching the system. A moving
# suite may be past its Valid-Until on a frozen mirror; its signature is still checked.
debian_tree() {
    local root=$1 suite=$2 mirror; shift 2
    [ -e "$root/.complete" ] && return 0
    install mmdebstrap
    mirror=$(debian_mirror) || skip "no Debian mirror is configured here"
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    echo "unpacking $* from $suite into $root" >&2
    timeout 300 mmdebstrap --variant=extract --mode="$([ "$(id -u)" = 0 ] && echo root || echo unshare)" \
        --aptopt='Acquire::Check-Valid-Until "false"' --include="$(IFS=,; echo "$*")" \
        "$suite" "$root" "deb $mirror $suite main" >"$root.log" 2>&1 || skip "mmdebstrap failed, see $root.log"
    touch "$root/.complete"
}

# loader ROOT PROGRAM ARGUMENT ...: run a program of such a tree with its own C library. --library-path is not inherited,
# so the language server that it starts runs on this machine's libraries as usual.
loader() {
    local root=$1 program=$2 libs; shift 2
    libs=$(dirname "$(find "$root/usr/lib" -maxdepth 2 -name 'ld-linux-*.so.*' | head -1)")
    exec "$libs"/ld-linux-*.so.* --library-path "$libs" "$root/$program" "$@"
}

# scratch: a copy of the fixture workspace and an empty home that go away at the end
scratch() {
    SCRATCH=$(mktemp -d)
    trap 'rm -rf "$SCRATCH"' EXIT
    cp -r "$TOP/fixtures/projects/shop" "$SCRATCH/workspace"
    mkdir -p "$SCRATCH/home"
    export HOME=$SCRATCH/home XDG_CONFIG_HOME=$SCRATCH/home/config XDG_DATA_HOME=$SCRATCH/home/data
    export XDG_STATE_HOME=$SCRATCH/home/state XDG_CACHE_HOME=$SCRATCH/home/cache
}
