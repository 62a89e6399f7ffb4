# Node, code-server, Chromium and the extension's own packages, in the cache; source it after lib.sh.
#
# Puts a fitting Node first on the PATH, and sets $CODE_SERVER (its entry), $PLAYWRIGHT, $CHROMIUM and $PACKAGES.

CODE_SERVER_VERSION=4.139.1 PLAYWRIGHT_VERSION=1.65.1 NODE_VERSION=24
VSCODE_CACHE=$CACHE/vscode

# npm_at FOLDER ARGUMENT ...: once; without scripts of packages, none of the native modules is needed
npm_at() {
    local folder=$1; shift
    [ -e "$folder/.complete" ] && return 0
    echo "installing into $folder: ${*:-its dependencies}" >&2
    mkdir -p "$folder"
    [ -e "$folder/package.json" ] || echo '{"private": true}' >"$folder/package.json"
    (cd "$folder" && timeout 360 npm install --no-audit --no-fund "$@") >>"$VSCODE_CACHE/npm.log" 2>&1 ||
        skip "npm install $* failed, see $VSCODE_CACHE/npm.log"
    touch "$folder/.complete"
}

node_there() {
    command -v npm >/dev/null 2>&1 || skip "npm is not installed"
    [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null)" = "$NODE_VERSION" ] && return 0
    npm_at "$VSCODE_CACHE/node" "node@$NODE_VERSION" # this package puts its binary in place by a script
    local binary
    binary=$(find "$VSCODE_CACHE/node/node_modules" -path '*/bin/node' -type f | head -1)
    [ -x "$binary" ] || skip "Node $NODE_VERSION could not be installed"
    PATH=$(dirname "$binary"):$PATH
}

chromium_there() {
    CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
    [ -n "$CHROMIUM" ] && return 0
    install chromium
    apt-get install -y --no-install-recommends fonts-dejavu-core >/dev/null 2>&1 || true
    CHROMIUM=$(command -v chromium)
}

mkdir -p "$VSCODE_CACHE"
node_there
npm_at "$VSCODE_CACHE/code-server" --ignore-scripts "code-server@$CODE_SERVER_VERSION"
inner=$VSCODE_CACHE/code-server/node_modules/code-server/lib/vscode
npm_at "$inner" --ignore-scripts --omit=dev
npm_at "$inner/extensions" --ignore-scripts --omit=dev
npm_at "$VSCODE_CACHE/playwright" --ignore-scripts "playwright-core@$PLAYWRIGHT_VERSION"
chromium_there
CODE_SERVER=$VSCODE_CACHE/code-server/node_modules/code-server/out/node/entry.js
PLAYWRIGHT=$VSCODE_CACHE/playwright

# what the extension is built with; its lock file names it
PACKAGES=$VSCODE_CACHE/packages-$(sha256sum "$TOP/editors/vscode/package-lock.json" | cut -c1-12)
if [ ! -e "$PACKAGES/.complete" ]; then
    mkdir -p "$PACKAGES"
    cp "$TOP"/editors/vscode/package{,-lock}.json "$PACKAGES/"
    (cd "$PACKAGES" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund) >>"$VSCODE_CACHE/npm.log" 2>&1 ||
        skip "npm ci of the extension failed, see $VSCODE_CACHE/npm.log"
    touch "$PACKAGES/.complete"
fi
