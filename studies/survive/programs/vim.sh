# what: vim in silent mode: substitutions, macros, sorting, undo, a script with lists and dictionaries; the buffers are printed
# needs: vim
# counts: vim
text 2000 > text
cat > script.vim << 'END'
set nocompatible noswapfile
edit text
%s/\v([a-z]+)(\d+)/\2\1/g
sort /\d\+ /
let d = {}
for line in getline(1, '$')
  for word in split(line)
    let d[word[-2:]] = get(d, word[-2:], 0) + 1
  endfor
endfor
call append(0, map(sort(keys(d))[0:9], 'v:val . " " . d[v:val]'))
global/^7/move 0
execute "normal! ggqqA!\<Esc>jq50@q"
undo
redo
write! out
split
new
call setline(1, range(1, 200))
%!sort -r
write! other
qall!
END
vim -u NONE -i NONE -n -es -S script.vim < /dev/null
sha256sum out other
head -n 3 out
