# what: Python: JSON, dictionaries, sorting, compression, hashing, sqlite3 and regular expressions, with its own allocator and with PYTHONMALLOC=malloc; printed
# needs: python3
# counts: python3
# quick
export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
cat > program.py << 'END'
import bz2, collections, decimal, hashlib, json, lzma, random, re, sqlite3, zlib
def show(data): print(hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest())
random.seed(1)
objects = [{"i": i, "text": "x" * (i % 50), "list": [i, i / 2, None]} for i in range(20000)]
text = json.dumps(objects); show(text); print(json.loads(text) == objects)
counter = collections.Counter(f"w{i * 7919 % 1009}" for i in range(50000)); print(sorted(counter.items())[:5])
for module in zlib, bz2, lzma:
    packed = module.compress(text.encode()[:300000]); print(len(packed), len(module.decompress(packed)))
show(str(sorted(random.random() for _ in range(30000))))
show(re.sub(r"(\d)(\d)", r"\2\1", text)); print(decimal.getcontext().power(decimal.Decimal(2), 1000))
db = sqlite3.connect(":memory:"); db.execute("create table t(a, b)")
db.executemany("insert into t values(?, ?)", ((i % 101, str(i)) for i in range(20000)))
print(db.execute("select a, count(*), sum(length(b)) from t group by a order by a limit 3").fetchall())
grown = bytearray()
for i in range(3000): grown += bytes([i % 256]) * (i % 97)
show(bytes(grown))
END
python3 -I program.py
PYTHONMALLOC=malloc python3 program.py
