/* A library that programs open: it allocates when it is loaded, when it is called and when it is unloaded. */
#include <stdlib.h>
#include <string.h>
static void *kept;
__attribute__((constructor)) static void load(void) { kept = malloc(123); }
__attribute__((destructor)) static void unload(void) { free(kept), free(malloc(77)); }
char *plugin_text(void) { return strcpy(malloc(50), "from the plugin"); }
void plugin_free(void *p) { free(p); }
