# For GNU make: how flows are compiled. In a makefile:
#
#     FLOWS = count
#     all: $(FLOWS)
#     include $(shell flowc -print-file-name=flow.mk)
#
# An executable NAME is made from NAME.yaml, and again when that file changes, or a file that it
# includes or compiles, or a header of those: NAME.d says which. NAME.flow.o and NAME.flow.h, for a C
# program that calls the flow, are made of it likewise, if FLOW_OBJECTS names the objects; such a
# program links with $(FLOW_LIBS). FLOWCFLAGS has options, FLOWC another flowc.
FLOWC ?= flowc
FLOWCFLAGS ?=
FLOW_LIBS = $(shell $(FLOWC) -print-file-name=libflow.a) -lm -lpthread -ldl

%: %.yaml
	$(FLOWC) $(FLOWCFLAGS) -MD -MP -MF $@.d $< -o $@

%.flow.o %.flow.h: %.yaml
	$(FLOWC) $(FLOWCFLAGS) -c -MD -MP -MF $*.flow.o.d $< -o $*.flow.o -H $*.flow.h

-include $(wildcard $(FLOWS:=.d) $(FLOW_OBJECTS:=.d))
