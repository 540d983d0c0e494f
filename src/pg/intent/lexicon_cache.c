/*-------------------------------------------------------------------------
 *
 * lexicon_cache.c
 *	  The lexicon of events in backend memory; see lexicon.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "pg/row/row.h"
#include "pg/intent/lexicon_cache.h"
#include "pg/server/server.h"

typedef struct LexiconTables
{
	Oid class;
	Oid term;
	Oid cue;
} LexiconTables;

static BrimLexiconHandle *cached = NULL;
static LexiconTables      tables;      /* what the cached lexicon was read from */
static uint64             changes = 0; /* changes that we learned of */

void
brim_lexicon_cache_release(BrimLexiconHandle *handle)
{
	Assert(handle->holders > 0);
	if (--handle->holders == 0)
		MemoryContextDelete(handle->cxt);
}

/* The relation cache drops a table, or all of them: so do we. */
static void
table_changed(Datum arg, Oid relid)
{
	BrimLexiconHandle *handle = cached;

	(void) arg;
	if (relid != InvalidOid && relid != tables.class && relid != tables.term && relid != tables.cue)
		return;
	changes++;
	cached = NULL;
	if (handle != NULL)
	{
		handle->is_stale = true;
		brim_lexicon_cache_release(handle);
	}
}

void
brim_lexicon_cache_init(void)
{
	CacheRegisterRelcacheCallback(table_changed, (Datum) 0);
}

int
brim_lexicon_cache_sources(BrimStr name)
{
	if (brim_str_equal(name, brim_str("news")))
		return BRIM_INTENT_NEWS;
	if (brim_str_equal(name, brim_str("job_post")))
		return BRIM_INTENT_JOB_POST;
	return brim_str_equal(name, brim_str("any")) ? BRIM_INTENT_ANY : 0;
}

/* Find the tables by their names; an error where brim is not installed. */
static void
find_tables(void)
{
	Oid schema = get_namespace_oid("brim", true);

	memset(&tables, 0, sizeof(tables));
	if (OidIsValid(schema))
	{
		tables.class = get_relname_relid("intent_class", schema);
		tables.term = get_relname_relid("intent_term", schema);
		tables.cue = get_relname_relid("intent_cue", schema);
	}
	if (!OidIsValid(tables.class) || !OidIsValid(tables.term) || !OidIsValid(tables.cue))
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
				errmsg("the tables of intent signals of schema \"brim\" are not there"),
				errhint("Run CREATE EXTENSION brim in this database, or ALTER EXTENSION brim "
						"UPDATE."));
	brim_version_check();
}

/* The definition while it is read. */
typedef struct Reading
{
	BrimClassDef *classes;
	int           nclasses;
	int           class_room;
	BrimTermDef  *terms;
	int           nterms;
	int           term_room;
	BrimCueDef   *cues;
	int           ncues;
	int           cue_room;
	List         *off; /* names of the classes that are switched off */
} Reading;

/* Read a class, also one that is switched off: rules may name it still, and find nothing. */
static bool
read_class(Reading *reading, Relation rel, HeapTuple row, bool is_active)
{
	BrimClassDef *class;
	bool  isnull;
	Datum weight = brim_columns_value(rel, row, "weight", NUMERICOID, &isnull);
	int64 scaled = 0;

	reading->classes = brim_memory_grow(reading->classes, reading->nclasses, &reading->class_room,
										sizeof(BrimClassDef));
	class = &reading->classes[reading->nclasses++];
	class->name = brim_columns_text(rel, row, "class");
	class->polarity = brim_columns_int(rel, row, "polarity");
	class->half_life_days = brim_columns_int(rel, row, "half_life_days");
	if (!isnull && brim_columns_weight(weight, &scaled) && scaled <= BRIM_LEXICON_WEIGHT_MAX)
		class->weight = (int) scaled;
	if (!is_active)
		reading->off = lappend(reading->off, pstrdup(class->name.data));
	return reading->nclasses <= BRIM_LEXICON_CLASSES_MAX;
}

/* Return true if a term is one of a class that is switched off. */
static bool
is_off(const BrimTermDef *term, List *off)
{
	ListCell *cell;

	foreach (cell, off)
	{
		if (strcmp(term->class_name.data, lfirst(cell)) == 0)
			return true;
	}
	return false;
}

static bool
read_term(Reading *reading, Relation rel, HeapTuple row, bool is_active)
{
	BrimTermDef *term;

	if (!is_active)
		return true;
	reading->terms =
		brim_memory_grow(reading->terms, reading->nterms, &reading->term_room, sizeof(BrimTermDef));
	term = &reading->terms[reading->nterms];
	term->class_name = brim_columns_text(rel, row, "class");
	term->term_no = brim_columns_int(rel, row, "term_no");
	term->sources = brim_lexicon_cache_sources(brim_columns_text(rel, row, "source"));
	term->words = brim_columns_texts(rel, row, "words", &term->nwords);
	term->near = brim_columns_texts(rel, row, "near", &term->nnear);
	term->unless = brim_columns_texts(rel, row, "unless", &term->nunless);
	if (!is_off(term, reading->off))
		reading->nterms++;
	return reading->nterms <= BRIM_LEXICON_TERMS_MAX;
}

static bool
read_cue(Reading *reading, Relation rel, HeapTuple row, bool is_active)
{
	BrimCueDef *cue;

	if (!is_active)
		return true;
	reading->cues =
		brim_memory_grow(reading->cues, reading->ncues, &reading->cue_room, sizeof(BrimCueDef));
	cue = &reading->cues[reading->ncues++];
	cue->kind = brim_columns_text(rel, row, "kind");
	cue->phrase = brim_columns_text(rel, row, "phrase");
	return reading->ncues <= BRIM_LEXICON_PHRASES_MAX;
}

/* Read the rows of a table, up to one more than are allowed: compiling says so. */
static void
for_each_row(Oid table, Reading *reading,
			 bool (*read)(Reading *reading, Relation rel, HeapTuple row, bool is_active))
{
	Relation    rel = table_open(table, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple   row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		if (!read(reading, rel, row, brim_columns_bool(rel, row, "is_active")))
			break;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static int
compare_terms(const void *left, const void *right)
{
	const BrimTermDef *a = left;
	const BrimTermDef *b = right;
	int                order = strcmp(a->class_name.data, b->class_name.data);

	return order != 0 ? order : (a->term_no > b->term_no) - (a->term_no < b->term_no);
}

/* Read the three tables in the current context, the classes first. */
static void
read_tables(BrimLexiconDef *def)
{
	Reading reading = {0};

	for_each_row(tables.class, &reading, read_class);
	for_each_row(tables.term, &reading, read_term);
	for_each_row(tables.cue, &reading, read_cue);
	if (reading.nterms > 1)
		qsort(reading.terms, reading.nterms, sizeof(BrimTermDef), compare_terms);
	def->classes = reading.classes;
	def->nclasses = reading.nclasses;
	def->terms = reading.terms;
	def->nterms = reading.nterms;
	def->cues = reading.cues;
	def->ncues = reading.ncues;
}

/* Read and compile the lexicon; nothing is left behind but the handle. */
static BrimLexiconHandle *
read_lexicon(void)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "brim lexicon rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext      caller = MemoryContextSwitchTo(work);
	MemoryContext      own = AllocSetContextCreate(work, "brim lexicon", ALLOCSET_DEFAULT_SIZES);
	BrimLexiconDef     def;
	BrimError          error;
	BrimLexicon       *lexicon;
	BrimLexiconHandle *handle;

	read_tables(&def);
	lexicon = brim_lexicon_compile(&def, &brim_language_server, brim_memory_in(own), &error);
	if (lexicon == NULL)
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("the lexicon of intent signals is broken: %s", error.message),
				errhint("Correct the row and run the statement again."));
	handle = MemoryContextAllocZero(own, sizeof(BrimLexiconHandle));
	handle->lexicon = lexicon;
	handle->cxt = own;
	MemoryContextSetParent(own, TopMemoryContext);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	return handle;
}

BrimLexiconHandle *
brim_lexicon_cache_acquire(void)
{
	BrimLexiconHandle *handle;
	uint64             changes_before;

	/* See what other sessions committed up to now. */
	AcceptInvalidationMessages();
	if (cached == NULL)
	{
		/* Known before reading, so that a change that comes in while reading is noticed. */
		find_tables();
		changes_before = changes;
		handle = read_lexicon();
		handle->holders = 1;
		if (changes != changes_before)
		{
			/* Right for this statement; the next one reads again. */
			handle->is_stale = true;
			return handle;
		}
		cached = handle;
	}
	cached->holders++;
	return cached;
}
