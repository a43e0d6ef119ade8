-- A real client, headless: opens a contract, edits, waits for findings, applies a quick fix, sees the finding vanish.
-- CROSSLANE=path/to/cargo-crosslane nvim --headless -u NONE -l editors/tests/neovim.lua path/to/src/lib.rs   (0.9 and later)
-- CROSSLANE=… nvim --headless -u NONE +'luafile editors/tests/neovim.lua' path/to/src/lib.rs                  (0.7 and later)
local program = assert(os.getenv("CROSSLANE"), "set CROSSLANE to the program")
local code = os.getenv("CROSSLANE_CODE") or "XL101"

local function fail(message)
  io.stderr:write("FAILED: " .. message .. "\n")
  vim.cmd("cquit 1")
end

local buffer = vim.api.nvim_get_current_buf()
local id = vim.lsp.start_client({ name = "crosslane", cmd = { program, "lsp" }, root_dir = vim.fn.getcwd() })
vim.lsp.buf_attach_client(buffer, id)

local function found()
  local all = {}
  for _, one in ipairs(vim.diagnostic.get(buffer)) do
    if one.code == code or (one.user_data and one.user_data.lsp and one.user_data.lsp.code == code) then
      table.insert(all, one)
    end
  end
  return all
end

if not vim.wait(60000, function() return #found() > 0 end, 20) then fail("no finding " .. code) end
local first = found()[1]
print(string.format("%s at %d:%d: %s", code, first.lnum + 1, first.col + 1, vim.split(first.message, "\n")[1]))

-- A hover and the lenses.
local params = { textDocument = { uri = vim.uri_from_bufnr(buffer) } }
local lenses = vim.lsp.buf_request_sync(buffer, "textDocument/codeLens", params, 20000)
print(string.format("%d lenses, first: %s", #lenses[id].result, lenses[id].result[1].command.title))

-- An edit above the finding moves it.
vim.api.nvim_buf_set_lines(buffer, 0, 0, false, { "// one more line" })
if not vim.wait(20000, function() local now = found()[1]; return now and now.lnum == first.lnum + 1 end, 5) then
  fail("the finding did not move")
end
print("edited: the finding moved with its line")

-- The quick fix.
local now = found()[1]
local at = { line = now.lnum, character = now.col }
params.range = { start = at, ["end"] = at }
params.context = { diagnostics = {} }
local actions = vim.lsp.buf_request_sync(buffer, "textDocument/codeAction", params, 20000)[id].result
if #actions == 0 then fail("no action") end
local action = actions[1]
for _, one in ipairs(actions) do if one.isPreferred then action = one end end
print("applies: " .. action.title)
vim.lsp.util.apply_workspace_edit(action.edit, "utf-16")
local left = now and #found()
if not vim.wait(20000, function() return #found() < left end, 5) then fail("the finding stayed") end
print("fixed: the finding is gone")
vim.lsp.stop_client(id)
vim.cmd("qall!")
