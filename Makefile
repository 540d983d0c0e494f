# brim - lead scoring, outreach generation and at-most-once sending in PostgreSQL

EXTENSION = brim
MODULE_big = brim
PGFILEDESC = "brim - lead scoring and outreach"

# brim.control is the only place that knows the version
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" brim.control)

DATA = $(wildcard sql/brim--*--*.sql)
DATA_built = sql/brim--$(EXTVERSION).sql

SOURCES = $(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c))
OBJS = $(SOURCES:.c=.o)
ALL_HEADERS = $(wildcard src/*.h src/*/*.h src/*/*/*.h)

PG_CPPFLAGS = -Isrc $(shell pkg-config --cflags libcurl json-c)
PG_CFLAGS = -std=gnu11 -fvisibility=hidden
SHLIB_LINK = $(shell pkg-config --libs libcurl json-c)

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=.
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

EXTRA_CLEAN = sql/brim--$(EXTVERSION).sql test/unit/build test/fuzz/build

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

PROVE_FLAGS += -I test/lib

$(OBJS): $(ALL_HEADERS)

PARTS = $(sort $(wildcard sql/parts/*.sql))
LEXICON = $(sort $(wildcard data/lexicon/*.tsv data/lexicon/terms/*.tsv))

# The words of the lexicon go behind the part that makes their tables
sql/brim--$(EXTVERSION).sql: $(PARTS) $(LEXICON) data/lexicon/insert.awk
	for part in $(PARTS); do \
		cat $$part || exit 1; \
		case $$part in *_intent_lexicon.sql) \
			LC_ALL=C awk -f data/lexicon/insert.awk $(LEXICON) || exit 1 ;; esac; \
	done > $@.new
	mv $@.new $@

# The pure core alone, with sanitizers: unit tests and fuzz targets
.PHONY: unit fuzz settings-doc
unit:
	$(MAKE) -f test/unit/Makefile run
fuzz:
	$(MAKE) -f test/fuzz/Makefile build

# The tables of docs/configuration.md, from the library's own
settings-doc:
	PG_CONFIG="$(PG_CONFIG)" CC="$(CC)" perl test/lint/settings.pl --write
