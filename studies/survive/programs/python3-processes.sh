# what: Python multiprocessing: a pool by fork, by spawn and by forkserver, shared memory and queues; printed
# needs: python3
# counts: python3
export PYTHONDONTWRITEBYTECODE=1
cat > program.py << 'END'
import hashlib, multiprocessing, multiprocessing.shared_memory as shared, sys
def work(n):
    table = {f"k{i}": [i * n, str(i)] for i in range(4000)}
    return hashlib.sha256(repr(sorted(table.items())).encode()).hexdigest()[:16]
def fill(name, n):
    block = shared.SharedMemory(name=name); block.buf[n * 100:(n + 1) * 100] = bytes([n]) * 100; block.close()
def echo(inbox, outbox):
    for item in iter(inbox.get, None): outbox.put(item * 2)
def main():
    for method in "fork", "spawn", "forkserver":
        context = multiprocessing.get_context(method)
        with context.Pool(3) as pool:
            print(method, pool.map(work, range(8)))
            pool.close(); pool.join()
        block = shared.SharedMemory(create=True, size=1000)
        workers = [context.Process(target=fill, args=(block.name, n)) for n in range(5)]
        for worker in workers: worker.start()
        for worker in workers: worker.join(); print(worker.exitcode, end=" ")
        print(hashlib.sha256(bytes(block.buf[:500])).hexdigest()); block.close(); block.unlink()
        inbox, outbox = context.Queue(), context.Queue()
        worker = context.Process(target=echo, args=(inbox, outbox)); worker.start()
        for i in range(200): inbox.put("x" * i)
        inbox.put(None); print(sum(len(outbox.get()) for _ in range(200))); worker.join()
if __name__ == "__main__":
    main()
    # Its helpers would end a moment after us, uncounted.
    from multiprocessing import forkserver, resource_tracker
    forkserver._forkserver._stop(); resource_tracker._resource_tracker._stop()
END
python3 program.py
