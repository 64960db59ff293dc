-- Ghost text for Neovim 0.11, which has no `vim.lsp.inline_completion`: asks the server while a person types, shows the
-- answer behind the cursor, and inserts it. One request and one text a buffer. It binds no keys.
local api = vim.api
local METHOD = 'textDocument/inlineCompletion'
local AUTOMATIC = 2

local M = {}

--- Milliseconds without a key before the server is asked.
M.delay = 75

local namespace = api.nvim_create_namespace('coder.ghost_text')
api.nvim_set_hl(0, 'CoderGhostText', { link = 'Comment', default = true })

--- @class coder.GhostText
--- @field text string what to insert
--- @field row integer 0-based line
--- @field col integer byte where `text` begins
--- @field rest string the line from `col` on, when the server was asked
--- @field replaced integer bytes of `rest` that `text` replaces

--- @class coder.Buffer
--- @field client vim.lsp.Client
--- @field timer? uv.uv_timer_t
--- @field request? integer
--- @field shown? coder.GhostText

--- @type table<integer, coder.Buffer>
local buffers = {}

--- @return integer row, integer col, string line of the cursor; 0-based, in bytes
local function cursor()
  local row, col = unpack(api.nvim_win_get_cursor(0))
  return row - 1, col, api.nvim_get_current_line()
end

--- @param ghost coder.GhostText
--- @return string? what is still to be typed at the cursor, when what was typed since is the text's beginning
local function remaining(ghost)
  local row, col, line = cursor()
  if row ~= ghost.row or col < ghost.col then
    return nil
  end
  local typed = line:sub(ghost.col + 1, col)
  local fits = vim.startswith(ghost.text, typed) and line:sub(col + 1) == ghost.rest
  return fits and #typed < #ghost.text and ghost.text:sub(#typed + 1) or nil
end

--- @param bufnr integer
local function erase(bufnr)
  if api.nvim_buf_is_valid(bufnr) then
    api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

--- @param bufnr integer
--- @param ghost coder.GhostText
--- @param text string
local function draw(bufnr, ghost, text)
  erase(bufnr)
  local row, col = cursor()
  local lines = vim.split(text, '\n')
  local below = {}
  for index = 2, #lines do
    table.insert(below, { { lines[index], 'CoderGhostText' } })
  end
  api.nvim_buf_set_extmark(bufnr, namespace, row, col, {
    virt_text = { { lines[1], 'CoderGhostText' } },
    -- What is replaced is covered; what stays moves to the right.
    virt_text_pos = ghost.replaced > 0 and ghost.replaced == #ghost.rest and 'overlay' or 'inline',
    virt_lines = #below > 0 and below or nil,
  })
end

--- Take the text away and forget the request.
--- @param bufnr integer
local function clear(bufnr)
  local buffer = buffers[bufnr]
  if not buffer then
    return
  end
  if buffer.timer then
    buffer.timer:stop()
  end
  if buffer.request then
    buffer.client:cancel_request(buffer.request)
    buffer.request = nil
  end
  if buffer.shown then
    buffer.shown = nil
    erase(bufnr)
  end
end

--- @param item table an LSP `InlineCompletionItem`
--- @param encoding 'utf-8'|'utf-16'|'utf-32'
--- @return coder.GhostText?
local function from_item(item, encoding)
  local row, col, line = cursor()
  local text = type(item.insertText) == 'table' and item.insertText.value or item.insertText
  local range = item.range
  local first = range and vim.str_byteindex(line, encoding, range.start.character, false) or col
  local last = range and vim.str_byteindex(line, encoding, range['end'].character, false) or col
  local typed = line:sub(first + 1, col)
  if (range and range.start.line ~= row) or first > col or not vim.startswith(text, typed) then
    return nil
  end
  local replaced = math.max(last - col, 0)
  return { text = text:sub(#typed + 1), row = row, col = col, rest = line:sub(col + 1), replaced = replaced }
end

--- @param bufnr integer
local function ask(bufnr)
  local buffer = buffers[bufnr]
  if not buffer or api.nvim_get_current_buf() ~= bufnr or not api.nvim_get_mode().mode:match('^i') then
    return
  end
  local tick, place = api.nvim_buf_get_changedtick(bufnr), api.nvim_win_get_cursor(0)
  local params = vim.lsp.util.make_position_params(0, buffer.client.offset_encoding) --[[@as table]]
  params.context = { triggerKind = AUTOMATIC }
  local request
  local _, id = buffer.client:request(METHOD, params, function(_, result)
    if buffer.request == request then
      buffer.request = nil
    end
    local is_current = api.nvim_get_current_buf() == bufnr
      and api.nvim_buf_get_changedtick(bufnr) == tick
      and vim.deep_equal(api.nvim_win_get_cursor(0), place)
      and api.nvim_get_mode().mode:match('^i')
    local item = result and (result.items or result)[1]
    local ghost = is_current and item and from_item(item, buffer.client.offset_encoding)
    if ghost and ghost.text ~= '' then
      buffer.shown = ghost
      draw(bufnr, ghost, ghost.text)
    end
  end, bufnr)
  request = id
  buffer.request = id
end

--- A key was typed or the cursor moved: keep the text while it still fits, otherwise ask again.
--- @param bufnr integer
local function refresh(bufnr)
  local buffer = buffers[bufnr]
  local text = buffer.shown and remaining(buffer.shown)
  if text then
    draw(bufnr, buffer.shown, text)
    return
  end
  clear(bufnr)
  buffer.timer = buffer.timer or assert(vim.uv.new_timer())
  buffer.timer:start(
    M.delay,
    0,
    vim.schedule_wrap(function()
      ask(bufnr)
    end)
  )
end

--- Insert the text that is shown. Safe inside an expression mapping.
--- @return boolean true when there was one
function M.accept()
  local bufnr = api.nvim_get_current_buf()
  local buffer = buffers[bufnr]
  local ghost = buffer and buffer.shown
  local text = ghost and remaining(ghost)
  if not ghost or not text then
    return false
  end
  local tick = api.nvim_buf_get_changedtick(bufnr)
  vim.schedule(function()
    if api.nvim_buf_get_changedtick(bufnr) ~= tick then
      return
    end
    local row, col = cursor()
    local lines = vim.split(text, '\n')
    clear(bufnr)
    api.nvim_buf_set_text(bufnr, row, col, row, col + ghost.replaced, lines)
    api.nvim_win_set_cursor(0, { row + #lines, #lines[#lines] + (#lines == 1 and col or 0) })
  end)
  return true
end

--- Take the text away until the next key.
--- @return boolean true when there was one
function M.dismiss()
  local bufnr = api.nvim_get_current_buf()
  local was_shown = buffers[bufnr] ~= nil and buffers[bufnr].shown ~= nil
  if was_shown then
    vim.schedule(function()
      clear(bufnr)
    end)
  end
  return was_shown
end

--- Offer ghost text in a buffer.
--- @param client vim.lsp.Client
--- @param bufnr integer
function M.attach(client, bufnr)
  clear(bufnr)
  buffers[bufnr] = { client = client }
  local group = api.nvim_create_augroup('coder.ghost_text.' .. bufnr, {})
  local function on(events, action)
    api.nvim_create_autocmd(events, {
      group = group,
      buffer = bufnr,
      callback = function(event)
        action(bufnr, event)
      end,
    })
  end
  on({ 'InsertEnter', 'TextChangedI', 'CursorMovedI' }, refresh)
  on({ 'InsertLeave', 'BufLeave' }, clear)
  on({ 'LspDetach', 'BufWipeout' }, function(_, event)
    if event.event == 'LspDetach' and event.data.client_id ~= client.id then
      return
    end
    clear(bufnr)
    buffers[bufnr] = nil
    api.nvim_del_augroup_by_id(group)
  end)
end

return M
