# what: g++ compiles C++ with templates, exceptions, threads and aligned new at -O2; hash of the object, and its program runs
# needs: g++
# counts: g++ cc1plus as ld program
cat > program.cc << 'END'
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>
struct alignas(256) Wide { char bytes[300]; };
static size_t work(int seed) {
    std::unordered_map<std::string, std::vector<int>> table;
    for (int i = 0; i < 20000; i++) table["key" + std::to_string(i * seed % 997)].push_back(i);
    std::map<std::string, std::unique_ptr<Wide>> wide;
    for (int i = 0; i < 200; i++) wide[std::to_string(i)] = std::make_unique<Wide>();
    size_t sum = 0;
    for (auto &[name, block] : wide) if (reinterpret_cast<size_t>(block.get()) % 256) sum += 1000000;
    for (auto &[name, list] : table) sum += list.size() * name.size();
    try { std::vector<int>().at(seed); } catch (const std::out_of_range &) { sum++; }
    return sum;
}
int main() {
    size_t sums[4];
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) threads.emplace_back([&sums, i] { sums[i] = work(i + 1); });
    for (auto &thread : threads) thread.join();
    std::ostringstream out;
    for (size_t sum : sums) out << sum << ' ';
    std::cout << out.str() << '\n';
}
END
g++ -std=c++17 -O2 -c program.cc
sha256sum program.o
g++ -o program program.o -pthread
./program
