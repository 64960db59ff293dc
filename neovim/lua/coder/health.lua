-- `:checkhealth coder`
local M = {}

function M.check()
  local health = vim.health
  health.start('coder')
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.11 or later is needed')
  end
  local command = vim.lsp.config.coder and vim.lsp.config.coder.cmd[1] or 'coder-lsp'
  if vim.fn.executable(command) == 1 then
    health.ok('server: ' .. vim.fn.exepath(command))
  else
    health.error(
      ('%s is not on PATH'):format(command),
      "install Coder, or name the program: vim.lsp.config('coder', { cmd = { '/path/to/coder-lsp' } })"
    )
  end
  local client = vim.lsp.get_clients({ name = 'coder' })[1]
  if not client then
    health.info('the server runs once an Elixir, Go or Python file is open')
    return
  end
  local response = client:request_sync('workspace/executeCommand', { command = 'coder.status' }, 5000)
  if not response or response.err then
    health.error('the server does not answer; see ' .. vim.lsp.log.get_filename())
    return
  end
  local status = response.result
  for _, line in ipairs(require('coder').status_lines(status)) do
    health.info(line)
  end
  if status.ready then
    health.ok('the model is ready')
  else
    health.warn('no model is ready, so there is no ghost text')
  end
end

return M
