/* What libc allocates on its own: for the program to free, or for itself. */
#include "said.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <glob.h>
#include <iconv.h>
#include <ifaddrs.h>
#include <langinfo.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>
#include <regex.h>
#include <search.h>
#include <wchar.h>

static int strings_that_libc_allocates_may_be_freed(void) {
  for (int i = 0; i < 300; i++) {
    char *a = strdup("some text"), *b = strndup("some other text", 7), *d = realpath("/proc/self/..", NULL), *e = getcwd(NULL, 0), *f = NULL;
    wchar_t *w = wcsdup(L"wide");
    CHECK(asprintf(&f, "%d %s %0*d", i, a, i, i) > 0 && !strcmp(a, "some text") && !strcmp(b, "some ot") && !strcmp(d, "/proc") && *e == '/' && w[3] == 'e');
    f = Realloc(f, 0, 2000) ?: f;
    free(a), free(b), free(d), free(e), free(f), free(w);
  }
  return 0;
}
static int streams_allocate_their_buffers(void) {
  FILE *file = tmpfile();
  for (int i = 0; i < 500; i++) fprintf(file, "line %d %*s\n", i, i, "x");
  rewind(file);
  char *line = NULL, *text = NULL;
  size_t room = 0, size = 0;
  long sum = 0;
  while (getline(&line, &room, file) > 0) sum += strlen(line);
  free(line);
  fclose(file);
  FILE *memory = open_memstream(&text, &size);
  for (int i = 0; i < 3000; i++) fputs("more ", memory);
  fclose(memory);
  SAY("%ld %zu %zu\n", sum, size, strlen(text));
  free(text);
  return 0;
}
static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
static int directories_and_patterns(void) {
  struct dirent **list;
  int n = scandir("/etc", &list, NULL, alphasort);
  CHECK(n > 2);
  for (int i = 0; i < n; i++) free(list[i]);
  free(list);
  glob_t found;
  CHECK(glob("/etc/*", 0, NULL, &found) == 0);
  globfree(&found);
  regex_t regex;
  CHECK(regcomp(&regex, "^(a|b)*c{2,5}[[:alpha:]]+$", REG_EXTENDED) == 0 && regexec(&regex, "ababccxyz", 0, NULL, 0) == 0);
  regfree(&regex);
  static char names[5000][8], *all[5000];
  for (int i = 0; i < 5000; i++) snprintf(names[i], 8, "%d", i * 7919 % 5000), all[i] = names[i];
  qsort(all, 5000, sizeof *all, by_name);
  SAY("%s\n", all[2500]);
  return 0;
}
static int names_and_addresses(void) {
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *list;
  for (int i = 0; i < 20; i++) {
    CHECK(getaddrinfo("127.0.0.1", "80", &hints, &list) == 0);
    freeaddrinfo(list);
  }
  struct ifaddrs *interfaces;
  CHECK(getifaddrs(&interfaces) == 0);
  freeifaddrs(interfaces);
  CHECK(getpwnam("root") && getpwuid(0));
  return 0;
}
static int locales_and_conversions(void) {
  for (int i = 0; i < 5; i++) {
    setlocale(LC_ALL, i % 2 ? "C.UTF-8" : "C");
    locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
    freelocale(locale);
    iconv_t convert = iconv_open("UTF-16", "ISO-8859-1");
    char in[] = "text", out[50], *from = in, *to = out;
    size_t left = 4, room = 50;
    CHECK(convert != (iconv_t)-1 && iconv(convert, &from, &left, &to, &room) == 0);
    iconv_close(convert);
  }
  return 0;
}
static int compare(const void *a, const void *b) { return *(int *)a - *(int *)b; }
static int trees_and_tables_of_libc(void) {
  static int values[2000];
  void *root = NULL;
  for (int i = 0; i < 2000; i++) values[i] = i * 37 % 2000, tsearch(&values[i], &root, compare);
  for (int i = 0; i < 2000; i++) tdelete(&values[i], &root, compare);
  CHECK(hcreate(500));
  hdestroy();
  for (int i = 0; i < 500; i++) {
    char name[30];
    snprintf(name, 30, "VARIABLE_%d", i);
    setenv(name, "value", 1), setenv(name, "another value", 1);
  }
  clearenv();
  return 0;
}
static int libraries_opened_and_closed(void) {
  char *texts[50];
  for (int i = 0; i < 50; i++) {
    void *library = dlopen(getenv("HELPER"), RTLD_NOW);
    CHECK(library);
    char *(*text)(void) = (char *(*)(void))dlsym(library, "plugin_text");
    void (*free_in_plugin)(void *) = (void (*)(void *))dlsym(library, "plugin_free");
    texts[i] = text();
    free_in_plugin(malloc(33));
    CHECK(dlclose(library) == 0);
    CHECK(!dlopen("/nonexistent.so", RTLD_NOW) && dlerror());
  }
  for (int i = 0; i < 50; i++) {
    CHECK(!strcmp(texts[i], "from the plugin")); /* outlives its library */
    free(texts[i]);
  }
  return 0;
}
static int a_library_in_a_namespace_of_its_own(void) {
  void *library = dlmopen(LM_ID_NEWLM, getenv("HELPER"), RTLD_NOW);
  CHECK(library);
  char *(*text)(void) = (char *(*)(void))dlsym(library, "plugin_text");
  void (*free_there)(void *) = (void (*)(void *))dlsym(library, "plugin_free");
  for (int i = 0; i < 100; i++) free_there(text());
  CHECK(dlclose(library) == 0);
  return 0;
}
static int malloc_info_writes_xml(void) {
  char *text = NULL;
  size_t size = 0;
  FILE *memory = open_memstream(&text, &size);
  CHECK(malloc_info(0, memory) == 0);
  fclose(memory);
  CHECK(strstr(text, "<malloc version=") && strstr(text, "</malloc>"));
  free(text);
  return 0;
}
int main(int c, char **v) {
  MODE(strings_that_libc_allocates_may_be_freed);
  MODE(streams_allocate_their_buffers);
  MODE(directories_and_patterns);
  MODE(names_and_addresses);
  MODE(locales_and_conversions);
  MODE(trees_and_tables_of_libc);
  MODE(libraries_opened_and_closed);
  MODE(a_library_in_a_namespace_of_its_own);
  MODE(malloc_info_writes_xml);
  return 99;
}
