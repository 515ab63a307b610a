// A program's own operator new and delete stay in force: one on malloc, counted by itself, and a class's own that needs none.
#include "said.h"
#include <new>
#include <string>
#include <vector>
static long news, deletes;
void *operator new(std::size_t size) {
  news++;
  if (void *p = Malloc(size + 8)) return *(std::size_t *)p = size + 8, (char *)p + 8;
  throw std::bad_alloc();
}
void operator delete(void *p) noexcept {
  if (!p) return;
  deletes++;
  p = (char *)p - 8;
  Free(p, *(std::size_t *)p);
}
void operator delete(void *p, std::size_t) noexcept { operator delete(p); }
struct Pooled {
  long value;
  static char pool[16000];
  static int used;
  void *operator new(std::size_t size) { return pool + size * used++; }
  void operator delete(void *) {}
};
alignas(16) char Pooled::pool[16000];
int Pooled::used;
static int a_programs_own_operator_new_is_honoured() {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; i++) texts.push_back(std::string(i, 'x'));
  Pooled *last = nullptr;
  for (int i = 0; i < 1000; i++) delete last, last = new Pooled{i};
  SAY("%ld %ld %d %ld\n", news, deletes, Pooled::used, last->value);
  return 0;
}
int main(int c, char **v) {
  MODE(a_programs_own_operator_new_is_honoured);
  return 99;
}
