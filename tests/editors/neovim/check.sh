#!/usr/bin/env bash
# Our client configuration in a real, headless Neovim 0.12 on the fixture workspace.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

if command -v nvim >/dev/null 2>&1 && [ "$(nvim --headless -u NONE +'lua io.write(vim.fn.has("nvim-0.12"))' +qa 2>&1)" = 1 ]; then
    run=(nvim)
else
    tree=$CACHE/neovim
    debian_tree "$tree" "${NEOVIM_SUITE:-forky}" neovim
    export VIMRUNTIME=$tree/usr/share/nvim/runtime
    run=(loader "$tree" usr/bin/nvim)
fi

scratch
export CHECK_CLIENT=$TOP/editors/neovim
cd "$SCRATCH/workspace"
(
    "${run[@]}" --headless -u NONE -i NONE -n -c 'filetype on' -c "luafile $HERE/neovim/check.lua"
) || fail "Neovim check"
echo "OK: Neovim"
