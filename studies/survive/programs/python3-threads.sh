# what: Python threads: eight threads that allocate, compress and pass blocks on, and 400 short ones; printed
# needs: python3
# counts: python3
# quick
cat > program.py << 'END'
import hashlib, queue, threading, zlib
results, passed = {}, queue.Queue()
def work(n):
    data = ("%d " % n * 50000).encode(); total = 0
    for level in range(1, 7): total += len(zlib.decompress(zlib.compress(data, level)))
    for i in range(200): passed.put(bytearray(b"%d" % n) * (i * 10))
    results[n] = (total, hashlib.sha256(data).hexdigest()[:16])
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for thread in threads: thread.start()
size = 0
for _ in range(8 * 200): size += len(passed.get())
for thread in threads: thread.join()
print(size, sorted(results.items()))
short = []
for n in range(400):
    thread = threading.Thread(target=lambda n=n: short.append(len(zlib.compress(bytes(n))))); thread.start(); thread.join()
print(sum(short))
END
python3 program.py
PYTHONMALLOC=malloc python3 program.py
