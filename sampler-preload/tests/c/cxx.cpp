// What C++ reaches of the allocator, through its own library.
#include "said.h"
#include <algorithm>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

struct alignas(64) Line { char bytes[192]; };
struct alignas(4096) Page { char bytes[4096 * 3]; };
struct Plain { virtual ~Plain() {} char bytes[100]; };
struct Derived : Plain { char more[1000]; };

static int new_and_delete_in_all_forms() {
  for (int i = 0; i < 200; i++) {
    Line *line = new Line;
    Page *page = new Page;
    Line *lines = new Line[3];
    Plain *plain = new Derived;
    char *none = new (std::nothrow) char[50];
    CHECK(is_aligned(line, 64) && is_aligned(page, 4096) && is_aligned(lines, 64) && none);
    fill(line, sizeof *line, 1), fill(page, sizeof *page, 2), fill(lines, 3 * sizeof *lines, 3);
    check_filled(line, sizeof *line, 1), check_filled(page, sizeof *page, 2);
    delete line, delete page, delete[] lines, delete plain, delete[] none;
    ::operator delete(::operator new(100), (std::size_t)100);
    ::operator delete(::operator new(256, std::align_val_t(128)), (std::size_t)256, std::align_val_t(128));
    CHECK(::operator new((std::size_t)1 << 62, std::nothrow) == nullptr);
  }
  return 0;
}
static int a_failed_new_throws_bad_alloc() {
  int caught = 0;
  for (int i = 0; i < 100; i++) {
    try {
      ::operator delete(::operator new(keep((std::size_t)PTRDIFF_MAX - 100 + i)));
    } catch (const std::bad_alloc &) {
      caught++;
    }
  }
  static int handled;
  std::set_new_handler([] { if (++handled == 3) std::set_new_handler(nullptr); });
  try {
    ::operator delete(::operator new(keep((std::size_t)1 << 62)));
  } catch (const std::bad_alloc &) {
    caught++;
  }
  SAY("%d %d\n", caught, handled);
  return 0;
}
static void thrower(int depth) {
  std::string held(100 + depth, 'x');
  if (depth == 0) throw std::runtime_error("from the bottom, with a text that is not short");
  thrower(depth - 1);
}
static int exceptions_unwind_and_free() {
  int caught = 0;
  for (int i = 0; i < 300; i++) {
    try {
      thrower(i % 20);
    } catch (const std::exception &e) {
      auto kept = std::current_exception();
      try {
        std::rethrow_exception(kept);
      } catch (...) {
        caught += std::string(e.what()).size();
      }
    }
  }
  SAY("%d\n", caught);
  return 0;
}
static int std_threads_and_futures() {
  std::vector<std::thread> threads;
  std::vector<std::vector<int>> results(20);
  for (int i = 0; i < 20; i++) threads.emplace_back([i, &results] { for (int k = 0; k < 1000; k++) results[i].push_back(k * i); });
  for (auto &thread : threads) thread.join();
  long sum = 0;
  for (auto &result : results) for (int value : result) sum += value;
  std::vector<std::future<std::string>> futures;
  for (int i = 0; i < 10; i++) futures.push_back(std::async(std::launch::async, [i] { return std::string(1000, 'a' + i); }));
  for (auto &future : futures) sum += future.get()[999];
  SAY("%ld\n", sum);
  return 0;
}
static int containers_hold_what_was_put_in() {
  std::map<std::string, std::vector<int>> map;
  std::unordered_map<int, std::list<std::string>> hash;
  std::deque<double> deque;
  uint64_t seed = 1;
  for (int i = 0; i < 20000; i++) {
    int key = next_random(&seed) % 500;
    map["key number " + std::to_string(key)].push_back(i);
    hash[key].push_back(std::string(i % 100, 'y'));
    deque.push_front(i), deque.push_back(-i);
    if (i % 3 == 0) map.erase("key number " + std::to_string(next_random(&seed) % 500)), hash.erase((int)(next_random(&seed) % 500)), deque.pop_back();
  }
  long sum = deque.size();
  for (auto &[key, list] : map) for (int value : list) sum += value;
  for (auto &[key, list] : hash) for (auto &text : list) sum += key ^ text.size();
  SAY("%ld\n", sum);
  return 0;
}
struct Allocates {
  std::unique_ptr<std::string> text{new std::string(300, 'z')};
  ~Allocates() { text->append(std::string(5000, 'q')); delete new std::vector<int>(100); }
};
static thread_local Allocates per_thread;
static int thread_locals_allocate_when_made_and_destroyed() {
  per_thread.text->size();
  for (int round = 0; round < 20; round++) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++) threads.emplace_back([] { per_thread.text->push_back('a'); });
    for (auto &thread : threads) thread.join();
  }
  return 0;
}
static Allocates global;
static int statics_allocate_before_and_after_main() {
  static Allocates local;
  SAY("%zu\n", global.text->size() + local.text->size());
  return 0;
}
static int streams_and_regexes() {
  std::ostringstream out;
  for (int i = 0; i < 2000; i++) out << i << ' ' << i * 0.5 << '\n';
  std::istringstream in(out.str());
  std::regex number("([0-9]+) ([0-9.]+)");
  std::string line;
  int matched = 0;
  while (std::getline(in, line)) matched += std::regex_match(line, number);
  SAY("%d\n", matched);
  return 0;
}
static int pointers_shared_between_threads() {
  auto shared = std::make_shared<std::vector<std::string>>(100, std::string(100, 'x'));
  std::weak_ptr<std::vector<std::string>> weak = shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++) threads.emplace_back([copy = shared] { for (int k = 0; k < 500; k++) { auto other = copy; auto own = std::make_unique<std::string>(other->at(k % 100)); } });
  shared.reset();
  for (auto &thread : threads) thread.join();
  SAY("%d\n", weak.expired());
  return 0;
}
static int memory_resources() {
  std::pmr::unsynchronized_pool_resource pool;
  std::pmr::monotonic_buffer_resource buffer(&pool);
  std::pmr::vector<std::pmr::string> texts(&buffer);
  for (int i = 0; i < 5000; i++) texts.emplace_back(i % 200, 'p');
  size_t sum = 0;
  for (auto &text : texts) sum += text.size();
  SAY("%zu\n", sum);
  return 0;
}
static int an_uncaught_exception_loses_nothing() {
  some_calls(50);
  std::string text(500, 'x');
  throw std::logic_error(text);
}
int main(int c, char **v) {
  MODE(new_and_delete_in_all_forms);
  MODE(a_failed_new_throws_bad_alloc);
  MODE(exceptions_unwind_and_free);
  MODE(std_threads_and_futures);
  MODE(containers_hold_what_was_put_in);
  MODE(thread_locals_allocate_when_made_and_destroyed);
  MODE(statics_allocate_before_and_after_main);
  MODE(streams_and_regexes);
  MODE(pointers_shared_between_threads);
  MODE(memory_resources);
  MODE(an_uncaught_exception_loses_nothing);
  return 99;
}
