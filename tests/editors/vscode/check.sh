#!/usr/bin/env bash
# Our extension, built and packed, in a real VS Code (code-server) and a headless Chromium on the fixture workspace.
#
# $ORCHESTRA_SHOTS: a folder that gets screenshots. $ORCHESTRA_DIST: a folder that gets the vsix. $CHROMIUM: the browser.
# check.sh [STEP ...] does only the steps whose names begin so.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$HERE/vscode/setup.sh"

scratch
EXTENSION=$SCRATCH/extension VSIX=$SCRATCH/orchestra-lsp.vsix
build() {
    cp -r "$TOP/editors/vscode" "$EXTENSION"
    rm -rf "$EXTENSION/node_modules"
    ln -s "$PACKAGES/node_modules" "$EXTENSION/node_modules"
    cd "$EXTENSION"
    npm run --silent check && CHECK_PYTHON=$TOP/.venv/bin/python npm test --silent && npm run --silent package -- -o "$VSIX"
}
(build) >"$SCRATCH/build.log" 2>&1 || { cat "$SCRATCH/build.log"; fail "the extension does not build"; }
sed -nE 's/^(#|ℹ) (pass [0-9]+)$/unit tests: \2/p' "$SCRATCH/build.log"
size=$(stat -c %s "$VSIX")
echo "vsix: $((size / 1024)) kB (bar: < 1024 kB)"
[ "$size" -lt 1048576 ] || fail "the vsix is too large"
[ -z "${ORCHESTRA_SHOTS:-}" ] || mkdir -p "$ORCHESTRA_SHOTS"
[ -z "${ORCHESTRA_DIST:-}" ] || { mkdir -p "$ORCHESTRA_DIST"; cp "$VSIX" "$ORCHESTRA_DIST/"; }

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
data=$SCRATCH/data
mkdir -p "$data/Machine" "$data/User" "$SCRATCH/config"
# settings of scope machine are read from Machine/, the others from User/ and Machine/
sed "s|@PYTHON@|$TOP/.venv/bin/python|" "$HERE/vscode/settings.json" | tee "$data/Machine/settings.json" >"$data/User/settings.json"
printf 'auth: none\ncert: false\n' >"$SCRATCH/config.yaml"
options=(--config "$SCRATCH/config.yaml" --user-data-dir "$data" --extensions-dir "$SCRATCH/extensions")
node "$CODE_SERVER" "${options[@]}" --install-extension "$VSIX" >"$SCRATCH/code-server.log" 2>&1 ||
    { tail -20 "$SCRATCH/code-server.log"; fail "the extension cannot be installed"; }
set -m # a process group of its own: code-server leaves children behind when only its first process is ended
node "$CODE_SERVER" "${options[@]}" --bind-addr "127.0.0.1:$port" --auth none --disable-telemetry --disable-update-check \
    --disable-getting-started-override "$SCRATCH/workspace" >>"$SCRATCH/code-server.log" 2>&1 &
code_server=$!
set +m
trap 'kill -- -$code_server 2>/dev/null || true; wait $code_server 2>/dev/null || true; rm -rf "$SCRATCH"' EXIT

export CHECK_PORT=$port CHECK_SCRATCH=$SCRATCH CHECK_PLAYWRIGHT=$PLAYWRIGHT CHECK_CHROMIUM=$CHROMIUM
export CHECK_CODE_SERVER=$code_server CHECK_TOP=$TOP
timeout 360 node "$HERE/vscode/run.mjs" "$@" || fail "VS Code check"
kill -- -$code_server 2>/dev/null || true
wait $code_server 2>/dev/null || true
for _ in $(seq 50); do
    left=$(grep -lz "^HOME=$SCRATCH/home" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | grep -vx $$ || true)
    left=$(for pid in $left; do grep -az orchestra_lsp "/proc/$pid/cmdline" 2>/dev/null | tr '\0' ' ' || true; done)
    [ -z "$left" ] && break
    sleep 0.2
done
[ -z "$left" ] || fail "left after the editor has quit: $left"
echo "nothing is left after the editor has quit"
echo "OK: VS Code"
