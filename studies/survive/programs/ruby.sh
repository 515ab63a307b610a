# what: Ruby hashes, strings, sorting, threads, fork, compression and garbage collection; printed
# needs: ruby
# counts: ruby
cat > program.rb << 'END'
require 'digest'; require 'json'; require 'zlib'
count = Hash.new(0); 50000.times { |i| count["w#{i * 7919 % 1009}"] += 1 }
puts count.sort.first(4).inspect
objects = (1..10000).map { |i| { 'i' => i, 's' => 'x' * (i % 50), 'l' => [i, i / 2.0, nil] } }
text = JSON.generate(objects); puts Digest::SHA256.hexdigest(text), JSON.parse(text) == objects
puts Zlib::Inflate.inflate(Zlib::Deflate.deflate(text)) == text
threads = 4.times.map { |n| Thread.new { (1..3000).map { |i| (i * n).to_s * 3 }.sort.last } }
puts threads.map(&:value).inspect
grown = +''; 100000.times { |i| grown << (65 + i % 26).chr }; puts Digest::SHA256.hexdigest(grown)
reader, writer = IO.pipe
pid = fork { reader.close; writer.puts Digest::SHA256.hexdigest(objects.map { |o| o['s'] * 2 }.join); writer.close; exit!(3) }
writer.close; puts reader.read; Process.wait(pid); puts $?.exitstatus
GC.start; GC.compact if GC.respond_to?(:compact)
puts text.gsub(/(\d)(\d)/) { $2 + $1 }.hash.class, objects.map { |o| o['s'] }.uniq.size
END
ruby --disable-gems -I. program.rb
