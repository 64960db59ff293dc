-- The language server of Coder, for `vim.lsp.enable('coder')`. Change any field with `vim.lsp.config('coder', { ... })`.
return {
  cmd = { 'coder-lsp', '--stdio' },
  filetypes = { 'elixir', 'go', 'python' },
  root_markers = { 'mix.exs', 'go.mod', 'pyproject.toml', '.git' },
  handlers = {
    ['coder/status'] = function(_, status)
      require('coder').on_status(status)
    end,
  },
}
