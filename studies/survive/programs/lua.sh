# what: Lua tables, strings, closures, coroutines and garbage collection (all of its memory by realloc); printed
# needs: lua5.4
# counts: lua5.4
# quick
cat > program.lua << 'END'
local words, n = {}, 0
for i = 1, 60000 do
  local w = "w" .. (i * 7919 % 1009) .. string.rep("x", i % 40)
  words[w] = (words[w] or 0) + 1
end
local keys = {}
for k in pairs(words) do keys[#keys + 1] = k end
table.sort(keys)
print(#keys, keys[1], words[keys[1]], keys[#keys])
local buffer = ""
for i = 1, 3000 do buffer = buffer .. i % 10 end
print(#buffer, buffer:sub(-20), (buffer:gsub("12", "x")):len())
local producer = coroutine.wrap(function() for i = 1, 1000 do coroutine.yield(("%05d"):format(i * i)) end end)
local sum = 0
for i = 1, 1000 do sum = sum + tonumber(producer()) end
print(sum)
for i = 1, 5 do local garbage = {} for j = 1, 20000 do garbage[j] = { j } end collectgarbage() end
print(select("#", table.unpack(keys, 1, 200)))
END
lua5.4 program.lua
