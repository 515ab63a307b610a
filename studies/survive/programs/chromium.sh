# what: headless Chromium renders a local page and runs its script; the resulting document is printed. Brings its own malloc
# needs: chromium
# bypassed: chromium chrome_crashpad_handler exe
# optional
cat > page.html << 'END'
<!doctype html><title>page</title><body><p id="p">before</p><script>
let words = [];
for (let i = 0; i < 20000; i++) words.push('w' + (i * 7919 % 1009));
words.sort();
document.getElementById('p').textContent = words.slice(0, 5).join(' ') + ' ' + words.length;
</script></body>
END
# The last command: sampler-run itself has to say what it is.
exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions \
  --disable-background-networking --disable-component-update --user-data-dir="$PWD/profile" --dump-dom "file://$PWD/page.html"
