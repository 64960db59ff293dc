-- What the plugin does with a running server: ghost text, keys, and the status. How ghost text is shown is not known here.
local M = {}

--- The last status that the server sent; see `:CoderStatus`.
M.status = nil

--- @param status table the parameters of `coder/status`
function M.on_status(status)
  M.status = status
  vim.cmd.redrawstatus()
end

--- For a status line: `%{v:lua.require'coder'.statusline()}`
--- @return string
function M.statusline()
  if not M.status then
    return ''
  end
  return 'coder: ' .. (M.status.ready and M.status.model or M.status.state)
end

--- Ghost text in a buffer: Neovim's own from 0.12 on, otherwise ours.
--- @param client vim.lsp.Client
--- @param bufnr integer
function M.attach(client, bufnr)
  local ghost_text
  if vim.lsp.inline_completion then
    vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
    ghost_text = {
      accept = vim.lsp.inline_completion.get,
      dismiss = function()
        return false
      end,
    }
  else
    ghost_text = require('coder.ghost_text')
    ghost_text.attach(client, bufnr)
  end
  M.map(bufnr, '<Tab>', ghost_text.accept, 'Accept the ghost text')
  M.map(bufnr, '<C-]>', ghost_text.dismiss, 'Dismiss the ghost text')
end

--- Map `key` to `action`; when that has nothing to do (returns false), the key does what it did before.
--- @param bufnr integer
--- @param key string
--- @param action fun(): boolean
--- @param desc string
function M.map(bufnr, key, action, desc)
  local before = vim.fn.maparg(key, 'i', false, true)
  if before.desc == desc then
    return
  end
  local function press()
    if action() then
      return ''
    end
    if before.callback and before.expr == 1 then
      return before.callback() or ''
    elseif before.callback then
      vim.schedule(before.callback)
      return ''
    elseif before.rhs then
      return before.expr == 1 and vim.api.nvim_eval(before.rhs) or before.rhs
    end
    return key
  end
  vim.keymap.set('i', key, press, { buffer = bufnr, expr = true, replace_keycodes = true, desc = desc })
end

--- @param status table
--- @return string[]
function M.status_lines(status)
  local lines = { 'coder ' .. status.version }
  table.insert(lines, 'model: ' .. (status.ready and status.model or status.state))
  local function add(label, text)
    if text and text ~= vim.NIL and text ~= '' then
      table.insert(lines, label .. ': ' .. text)
    end
  end
  add('error', status.error)
  local empty = status.last_empty_completion
  add('last empty ghost text', empty and empty ~= vim.NIL and empty.message)
  add('not installed', table.concat(status.missing_tools or {}, ', '))
  for _, failure in ipairs(status.failures or {}) do
    add(failure.tool, failure.reason)
  end
  return lines
end

--- Ask the server and show its answer.
function M.show_status()
  local client = vim.lsp.get_clients({ name = 'coder' })[1]
  if not client then
    vim.notify('coder: no server is running here; see :checkhealth coder', vim.log.levels.WARN)
    return
  end
  client:request('workspace/executeCommand', { command = 'coder.status' }, function(err, status)
    if err then
      vim.notify('coder: ' .. err.message, vim.log.levels.ERROR)
      return
    end
    M.on_status(status)
    vim.notify(table.concat(M.status_lines(status), '\n'))
  end)
end

return M
