-- Loaded by Neovim at start. `vim.g.coder_enabled = false` before it keeps the server from starting by itself.
if vim.g.loaded_coder then
  return
end
vim.g.loaded_coder = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('coder needs Neovim 0.11 or later', vim.log.levels.WARN)
  return
end

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('coder', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'coder' then
      require('coder').attach(client, event.buf)
    end
  end,
})

vim.api.nvim_create_user_command('CoderStatus', function()
  require('coder').show_status()
end, { desc = 'Which model is loaded, why there is no ghost text, which tools are missing' })

if vim.g.coder_enabled ~= false then
  vim.lsp.enable('coder')
end
