# what: javac compiles, java runs maps, strings, four threads, direct buffers and a Deflater under a 64 MB heap; printed
# needs: javac java
# counts: javac java
cat > Main.java << 'END'
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.*;
import java.util.zip.*;
public class Main {
    static long work(int seed) throws Exception {
        Map<String, List<Integer>> map = new TreeMap<>();
        for (int i = 0; i < 30000; i++) map.computeIfAbsent("key" + i * seed % 997, k -> new ArrayList<>()).add(i);
        long sum = 0;
        for (var entry : map.entrySet()) sum += (long) entry.getValue().size() * entry.getKey().hashCode();
        byte[] text = map.toString().getBytes("UTF-8"), packed = new byte[text.length], back = new byte[text.length];
        for (int turn = 0; turn < 20; turn++) {
            Deflater deflater = new Deflater();
            deflater.setInput(text); deflater.finish();
            int length = deflater.deflate(packed); deflater.end();
            Inflater inflater = new Inflater();
            inflater.setInput(packed, 0, length);
            sum += inflater.inflate(back); inflater.end();
            if (!Arrays.equals(text, back)) throw new Exception("differs");
            ByteBuffer direct = ByteBuffer.allocateDirect(100000 + turn);
            for (int i = 0; i < direct.capacity(); i++) direct.put(i, (byte) i);
            sum += direct.get(turn);
        }
        CRC32 crc = new CRC32(); crc.update(packed);
        return sum * 31 + crc.getValue();
    }
    public static void main(String[] arguments) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> results = new ArrayList<>();
        for (int i = 1; i <= 4; i++) { int seed = i; results.add(pool.submit(() -> work(seed))); }
        for (var result : results) System.out.println(result.get());
        pool.shutdown();
    }
}
END
javac Main.java
java -Xmx64m -cp . Main
