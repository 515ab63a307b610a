# what: node: JSON, buffers, zlib, crypto, worker threads, a child process and an HTTP server asked by itself; printed
# needs: node
# counts: node
# quick
cat > program.js << 'END'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto'), zlib = require('zlib'), http = require('http'), { execFileSync } = require('child_process');
const hash = (data) => crypto.createHash('sha256').update(data).digest('hex');
if (!isMainThread) {
  const list = [];
  for (let i = 0; i < 20000; i++) list.push({ id: i * workerData, name: 'n' + i });
  parentPort.postMessage(hash(JSON.stringify(list)));
} else (async () => {
  const objects = Array.from({ length: 30000 }, (_, i) => ({ i, text: 'x'.repeat(i % 50), list: [i, i / 2, null] }));
  const text = JSON.stringify(objects);
  console.log(hash(text), JSON.stringify(JSON.parse(text)) === text);
  const packed = zlib.gzipSync(text, { level: 6 });
  console.log(packed.length, zlib.gunzipSync(packed).toString() === text);
  console.log(zlib.brotliDecompressSync(zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } })).length);
  let buffer = Buffer.alloc(0);
  for (let i = 0; i < 300; i++) buffer = Buffer.concat([buffer, Buffer.alloc(i * 10, i)]);
  console.log(buffer.length, hash(buffer));
  const results = await Promise.all([1, 2, 3].map((n) => new Promise((resolve, reject) =>
    new Worker(__filename, { workerData: n }).on('message', resolve).on('error', reject))));
  console.log(results.join('\n'));
  console.log(await new Promise((resolve, reject) => crypto.pbkdf2('p', 's', 2000, 32, 'sha256', (e, key) => e ? reject(e) : resolve(key.toString('hex')))));
  console.log(execFileSync(process.execPath, ['-p', '6 * 7']).toString().trim());
  const server = http.createServer((request, response) => response.end(request.url.repeat(1000)));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const get = (n) => new Promise((resolve, reject) => http.get({ port: server.address().port, host: '127.0.0.1', path: '/' + n }, (response) => {
    let body = ''; response.on('data', (part) => body += part); response.on('end', () => resolve(body));
  }).on('error', reject));
  const bodies = await Promise.all(Array.from({ length: 60 }, (_, i) => get(i)));
  console.log(hash(bodies.join()));
  server.close();
})();
END
node program.js
