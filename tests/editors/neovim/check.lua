-- Run by check.sh inside a headless Neovim, in a copy of the fixture workspace. CHECK_CLIENT: our client's folder.
-- Our own lsp/orchestra_lsp.lua is what is tested: attach, diagnostics, quick fix, completion, code lens, ghost text.

local function finish(ok, err)
  if not ok then
    io.write('FAIL ' .. tostring(err) .. '\n')
    vim.cmd('cquit 1')
  end
end

local function say(...)
  io.write(table.concat({ ... }, ' ') .. '\n')
end

local function wait(what, ms, condition)
  assert(vim.wait(ms, condition, 20), what)
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
end

local client

-- The line that gets its ghost text: the same idiom stands five times above it. The emoji is two UTF-16 units, four bytes.
local TYPED = '    label = "🎉"; logger.info("order %s is %s", order.'
local EXPECTED = 'order_id, order.state.value)'

local function apply_fix(found)
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  local taken = false -- more than one match would open a menu
  vim.lsp.buf.code_action({
    apply = true,
    context = { only = { 'quickfix' }, diagnostics = { found.user_data.lsp } },
    filter = function(action)
      local usable = not taken and not action.disabled
      taken = taken or usable
      return usable
    end,
  })
end

local function first_phase()
  assert(vim.fn.has('nvim-0.12') == 1, 'needs Neovim 0.12')
  vim.opt.runtimepath:prepend(vim.env.CHECK_CLIENT)
  vim.lsp.enable('orchestra_lsp')
  vim.cmd.edit('service/orders.py')
  wait('the client did not attach', 30000, function()
    client = vim.lsp.get_clients({ bufnr = 0, name = 'orchestra_lsp' })[1]
    return client and client.initialized
  end)
  say('attached, encoding', client.offset_encoding, 'root', vim.fs.basename(client.root_dir))

  local function finding(code)
    return vim.iter(vim.diagnostic.get(0)):find(function(d) return d.code == code end)
  end
  wait('no finding on the comparison with None', 20000, function() return finding('comparison-to-none') ~= nil end)
  say('diagnostics:', tostring(#vim.diagnostic.get(0)))

  apply_fix(finding('comparison-to-none'))
  wait('the quick fix was not applied', 10000, function() return text():find('order.coupon is None', 1, true) ~= nil end)
  wait('the finding did not clear', 10000, function() return finding('comparison-to-none') == nil end)
  say('quick fix applied, finding cleared')

  vim.lsp.codelens.enable(true, { bufnr = 0 })
  wait('no code lens', 10000, function() return #(vim.lsp.codelens.get({ bufnr = 0 }) or {}) > 0 end)
  say('code lenses:', tostring(#vim.lsp.codelens.get({ bufnr = 0 })))

  local hover = assert(client:request_sync('textDocument/hover', {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    position = { line = vim.fn.search('def discount', 'w') - 1, character = 5 },
  }, 10000, 0))
  assert(hover.result and vim.inspect(hover.result):find('omplexity'), 'no facts on hover: ' .. vim.inspect(hover))
  say('hover shows the facts of a function')

  vim.api.nvim_buf_set_lines(0, -1, -1, false, { '', '', 'def report(order: Order) -> None:', TYPED })
  local last = vim.api.nvim_buf_line_count(0)
  vim.wait(400) -- Neovim sends changes after a pause of 150 ms
  local params = { textDocument = { uri = vim.uri_from_bufnr(0) }, position = { line = last - 1, character = #TYPED } }
  local answer = assert(client:request_sync('textDocument/completion', params, 10000, vim.api.nvim_get_current_buf()))
  assert(not answer.err, vim.inspect(answer.err))
  local items = answer.result and (answer.result.items or answer.result) or {}
  assert(#items > 0, 'no completion items: ' .. vim.inspect(answer))
  say('completion items:', tostring(#items))

  vim.lsp.inline_completion.enable(true)
  vim.api.nvim_win_set_cursor(0, { last, #TYPED })
  vim.cmd('startinsert!') -- takes effect only when this script has returned to the main loop
end

local function ghost()
  for name, id in pairs(vim.api.nvim_get_namespaces()) do
    if name:find('inline_completion') then
      local marks = vim.api.nvim_buf_get_extmarks(0, id, 0, -1, { details = true })
      if #marks > 0 then return marks[1] end
    end
  end
end

local function second_phase()
  wait('no ghost text shown', 15000, function() return ghost() ~= nil end)
  assert(vim.lsp.inline_completion.get(), 'the ghost text was not accepted')
  local function line() return vim.api.nvim_buf_get_lines(0, -2, -1, false)[1] end
  wait('accepting changed nothing', 5000, function() return line() ~= TYPED end)
  assert(line() == TYPED .. EXPECTED, 'accepted text landed wrong: ' .. line())
  say('ghost text accepted:', line())
  vim.cmd('qa!')
end

finish(xpcall(first_phase, debug.traceback))
vim.defer_fn(function() finish(xpcall(second_phase, debug.traceback)) end, 800)
