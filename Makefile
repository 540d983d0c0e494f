# brim - lead scoring, outreach generation and at-most-once sending in PostgreSQL

EXTENSION = brim
MODULE_big = brim
PGFILEDESC = "brim - lead scoring and outreach"

# Where this file is, so that make -f ../Makefile VPATH=.. works in a directory of its own
SRC := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))

# brim.control is the only place that knows the version
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(SRC)/brim.control)
ifeq ($(EXTVERSION),)
$(error $(SRC)/brim.control has no default_version)
endif

# What the library is linked with; the floor of libcurl is in src/net/multi.h, too
PKG_CONFIG ?= pkg-config
LIBRARIES = libcurl json-c
MISSING := $(shell $(PKG_CONFIG) --print-errors --exists 'libcurl >= 7.81.0' json-c 2>&1 || echo failed)
ifneq ($(MISSING),)
ifneq ($(MAKECMDGOALS),clean)
$(error brim needs libcurl 7.81.0 or later and json-c, with their headers: $(MISSING))
endif
endif

DATA = $(patsubst $(SRC)/%,%,$(wildcard $(SRC)/sql/brim--*--*.sql))
DATA_built = sql/brim--$(EXTVERSION).sql

SOURCES = $(patsubst $(SRC)/%,%,$(sort $(wildcard $(SRC)/src/*.c $(SRC)/src/*/*.c $(SRC)/src/*/*/*.c)))
OBJS = $(SOURCES:.c=.o)

# Out of tree, make would take what an in-tree build left behind; directories have to be made first
ifneq ($(SRC),.)
ifneq ($(wildcard $(SRC)/$(DATA_built) $(addprefix $(SRC)/,$(OBJS))),)
$(error $(SRC) has been built in: run make clean there first)
endif
$(shell mkdir -p $(sort $(dir $(OBJS) $(DATA_built))))
endif
ALL_HEADERS = $(wildcard $(SRC)/src/*.h $(SRC)/src/*/*.h $(SRC)/src/*/*/*.h)

PG_CPPFLAGS = -I$(SRC)/src -DBRIM_VERSION='"$(EXTVERSION)"' $(shell $(PKG_CONFIG) --cflags $(LIBRARIES))
PG_CFLAGS = -std=gnu11 -fvisibility=hidden
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs $(LIBRARIES))

REGRESS = $(patsubst $(SRC)/test/sql/%.sql,%,$(sort $(wildcard $(SRC)/test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test
ISOLATION = $(patsubst $(SRC)/test/specs/%.spec,%,$(sort $(wildcard $(SRC)/test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=.
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

EXTRA_CLEAN = sql/brim--$(EXTVERSION).sql test/unit/build test/fuzz/build

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

PROVE_FLAGS += -I test/lib

$(OBJS): $(ALL_HEADERS)
src/pg/server/version.o: $(SRC)/brim.control

PARTS = $(sort $(wildcard $(SRC)/sql/parts/*.sql))
LEXICON = $(sort $(wildcard $(SRC)/data/lexicon/*.tsv $(SRC)/data/lexicon/terms/*.tsv))

# The words of the lexicon go behind the part that makes their tables
sql/brim--$(EXTVERSION).sql: $(PARTS) $(LEXICON) $(SRC)/data/lexicon/insert.awk
	for part in $(PARTS); do \
		cat $$part || exit 1; \
		case $$part in *_intent_lexicon.sql) \
			LC_ALL=C awk -f $(SRC)/data/lexicon/insert.awk $(LEXICON) || exit 1 ;; esac; \
	done > $@.new
	mv $@.new $@

# The pure core alone, with sanitizers: unit tests and fuzz targets
.PHONY: unit fuzz settings-doc update-script
unit:
	$(MAKE) -f test/unit/Makefile run
fuzz:
	$(MAKE) -f test/fuzz/Makefile build

# The tables of docs/configuration.md, from the library's own
settings-doc:
	PG_CONFIG="$(PG_CONFIG)" CC="$(CC)" perl test/lint/settings.pl --write

# The generated sections of the script that updates from the last version
LAST_VERSION = 0.1.0
update-script: sql/brim--$(EXTVERSION).sql
	perl test/upgrade/make_script.pl $(LAST_VERSION)
