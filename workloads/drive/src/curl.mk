# Builds curl out of its configured sources SOURCE into the working directory: every object by a chain of programs of its own, as in a large build without libtool.
include $(SOURCE)/lib/Makefile.inc
include $(SOURCE)/src/Makefile.inc
LIBRARY := $(addprefix library/,$(CSOURCES:.c=.o))
# Some of the library's files are built for the tool a second time.
TOOL := $(addprefix tool/,$(CURL_CFILES:.c=.o)) $(patsubst ../lib/%.c,shared/%.o,$(CURLX_CFILES))
COMPILE = $(CC) -c -O2 -pipe -DHAVE_CONFIG_H -DCURL_STATICLIB -I$(SOURCE)/include -I$(SOURCE)/lib -I$(SOURCE)/src

curl: $(TOOL) libcurl.a
	$(CC) -o $@ $^ -pthread

libcurl.a: $(LIBRARY)
	ar rcs $@ $^

library/%.o: $(SOURCE)/lib/%.c
	mkdir -p $(@D) && exec $(COMPILE) -DBUILDING_LIBCURL -o $@ $<

shared/%.o: $(SOURCE)/lib/%.c
	mkdir -p $(@D) && exec $(COMPILE) -o $@ $<

tool/%.o: $(SOURCE)/src/%.c
	mkdir -p $(@D) && exec $(COMPILE) -o $@ $<
