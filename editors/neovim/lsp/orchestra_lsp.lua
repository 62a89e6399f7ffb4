---@brief
---
--- https://github.com/orchestra-lsp/orchestra-lsp
---
--- Orchestra LSP puts every AI coding tool you have behind one language server: completions, code actions and review.
--- It works without a key and without a network; tools are added in `~/.config/orchestra-lsp/config.toml`.
---
--- Install it with `pipx install orchestra-lsp` (or `uv tool install orchestra-lsp`), put this folder on your runtime
--- path and say `vim.lsp.enable('orchestra_lsp')`. Ghost text (Neovim 0.12): `vim.lsp.inline_completion.enable()`.

---@type vim.lsp.Config
return {
  cmd = { 'orchestra-lsp' },
  filetypes = {
    'c',
    'cpp',
    'go',
    'java',
    'javascript',
    'javascriptreact',
    'python',
    'rust',
    'typescript',
    'typescriptreact',
  },
  root_markers = { 'orchestra.toml', '.git' },
  settings = { orchestra = vim.empty_dict() },
}
