/*-------------------------------------------------------------------------
 *
 * spec_lexicon.c
 *	  The lexicon of events as a part of a model given as jsonb.
 *
 * {"classes": [{"class", "polarity", "weight", "half_life_days"}], "terms":
 * [{"class", "term_no", "source", "words", "near", "unless"}], "cues":
 * [{"kind", "phrase"}]}, as the view brim.model_spec writes it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/score/internal.h"

static void
read_class_field(const BrimSpecPosition *place, const JsonbValue *value, void *row)
{
	BrimClassDef *class = row;
	const char *field = place->field;

	if (strcmp(field, "class") == 0)
		class->name = brim_spec_value_text(place, value);
	else if (strcmp(field, "polarity") == 0)
		class->polarity = brim_spec_value_integer(place, value);
	else if (strcmp(field, "weight") == 0)
		class->weight =
			(int) Min(brim_spec_value_weight(place, value), BRIM_LEXICON_WEIGHT_MAX + 1);
	else if (strcmp(field, "half_life_days") == 0)
		class->half_life_days = brim_spec_value_integer(place, value);
	else
		brim_spec_value_refuse(place, "there is no such field");
}

static void
read_term_field(const BrimSpecPosition *place, const JsonbValue *value, void *row)
{
	BrimTermDef *term = row;
	const char  *field = place->field;

	if (strcmp(field, "class") == 0)
		term->class_name = brim_spec_value_text(place, value);
	else if (strcmp(field, "term_no") == 0)
		term->term_no = brim_spec_value_integer(place, value);
	else if (strcmp(field, "source") == 0)
		term->sources = brim_lexicon_cache_sources(brim_spec_value_text(place, value));
	else if (strcmp(field, "words") == 0)
		term->words = brim_spec_value_texts(place, value, BRIM_LEXICON_PHRASES_MAX, &term->nwords);
	else if (strcmp(field, "near") == 0)
		term->near = brim_spec_value_texts(place, value, BRIM_LEXICON_PHRASES_MAX, &term->nnear);
	else if (strcmp(field, "unless") == 0)
		term->unless =
			brim_spec_value_texts(place, value, BRIM_LEXICON_PHRASES_MAX, &term->nunless);
	else
		brim_spec_value_refuse(place, "there is no such field");
}

static void
read_cue_field(const BrimSpecPosition *place, const JsonbValue *value, void *row)
{
	BrimCueDef *cue = row;

	if (strcmp(place->field, "kind") == 0)
		cue->kind = brim_spec_value_text(place, value);
	else if (strcmp(place->field, "phrase") == 0)
		cue->phrase = brim_spec_value_text(place, value);
	else
		brim_spec_value_refuse(place, "there is no such field");
}

/* Compile the lexicon of a spec into the current memory context. */
BrimLexicon *
brim_spec_lexicon_read(const BrimSpecPosition *place, const JsonbValue *value)
{
	BrimSpecPosition inner = {0, NULL, NULL};
	BrimLexiconDef   def;
	JsonbIterator   *it;
	JsonbValue       part;
	BrimError        error;
	BrimLexicon     *lexicon;
	char            *key;

	memset(&def, 0, sizeof(def));
	it = JsonbIteratorInit(brim_spec_value_object(place, value));
	while (brim_spec_value_next(&it, &key, &part))
	{
		inner.field = key;
		if (strcmp(key, "classes") == 0)
			def.classes =
				brim_spec_value_rows(&inner, &part, "class", BRIM_LEXICON_CLASSES_MAX,
									 sizeof(BrimClassDef), read_class_field, &def.nclasses);
		else if (strcmp(key, "terms") == 0)
			def.terms = brim_spec_value_rows(&inner, &part, "term", BRIM_LEXICON_TERMS_MAX,
											 sizeof(BrimTermDef), read_term_field, &def.nterms);
		else if (strcmp(key, "cues") == 0)
			def.cues = brim_spec_value_rows(&inner, &part, "cue", BRIM_LEXICON_PHRASES_MAX,
											sizeof(BrimCueDef), read_cue_field, &def.ncues);
		else
			brim_spec_value_refuse(&inner, "there is no such field");
	}
	lexicon = brim_lexicon_compile(&def, &brim_language_server,
								   brim_memory_in(CurrentMemoryContext), &error);
	if (lexicon == NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid scoring model spec: field \"lexicon\": %s", error.message),
				errhint("The view brim.model_spec shows the form of a spec."));
	return lexicon;
}
