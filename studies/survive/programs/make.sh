# what: make -j 4 runs a graph of 300 targets with generated rules and a recursive make; the files are joined and printed
# needs: make
# counts: make
cat > Makefile << 'END'
parts := $(foreach n,$(shell seq 1 150),part-$(n))
all: whole sub
part-%: seed-% ; @echo "$* $$(cat $<)" > $@
seed-%: ; @echo $$(($* * $*)) > $@
whole: $(parts) ; @cat $(sort $^) | cksum > $@
sub: ; @$(MAKE) -s -f sub.mk
.PHONY: all sub
.SECONDARY:
END
cat > sub.mk << 'END'
all:
define rule
sub-$(1): ; @echo $(subst 1,one,$(1)) > sub-$(1)
all: sub-$(1)
endef
$(foreach n,$(shell seq 1 60),$(eval $(call rule,$(n))))
END
make -s -j 4
cat whole
cat $(ls -v sub-*) | tr '\n' ' '
echo
make -s -j 4 -n | wc -l
