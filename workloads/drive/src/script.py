# JSON, regular expressions, SQL and threads. Prints a hash of each, which must not depend on the allocator.
import hashlib, json, queue, re, sqlite3, sys, threading, zlib

effort = int(sys.argv[1])


def scaled(count):
    return max(1, count * effort // 100)


def show(name, *parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode())
    print(name, digest.hexdigest(), flush=True)


def documents():
    for turn in range(scaled(16)):
        # Below a whole turn, less than a turn.
        count = min(8000, scaled(16 * 8000))
        objects = [{"i": i, "text": "x" * (i % 50), "list": [i, i / 2, None], "turn": turn} for i in range(count)]
        text = json.dumps(objects)
        assert json.loads(text) == objects
        show(f"json-{turn}", text)


def expressions():
    text = " ".join(f"user{i}@host{i * 7919 % 10007}.example /path/{i:x}?q={i * i}" for i in range(scaled(60000)))
    show("match", re.findall(r"(\w+)@(\w+)\.example", text))
    show("replace", re.sub(r"(\d)(\d)", r"\2\1", text))
    show("split", re.split(r"[/?= ]+", text))


def tables():
    base = sqlite3.connect(":memory:")
    base.execute("create table t(id integer primary key, a int, b text)")
    base.execute("create index by_a on t(a)")
    count = scaled(160000)
    base.executemany("insert into t values (?, ?, ?)", ((i, i * 7919 % 1009, "x" * (i % 40)) for i in range(count)))
    base.commit()
    show("group", base.execute("select a, count(*), sum(length(b)) from t group by a order by a").fetchall())
    show("sort", base.execute("select b, id from t order by b, a desc, id limit 1000").fetchall())


def threads():
    passed, sizes = queue.Queue(), {}

    def work(number):
        data = f"{number} ".encode() * 20000
        sizes[number] = [len(zlib.compress(data, level)) for level in range(1, 5)]
        for i in range(scaled(4000)):
            passed.put(bytearray(b"%d" % number) * (i % 300))

    started = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in started:
        thread.start()
    total = sum(len(passed.get()) for _ in range(8 * scaled(4000)))
    for thread in started:
        thread.join()
    show("threads", total, sorted(sizes.items()))


for part in documents, expressions, tables, threads:
    part()
