/*-------------------------------------------------------------------------
 *
 * intent.c
 *	  Events in texts: the pass over a text, stage by stage; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <stdlib.h>
#include <string.h>

/* The phrases that the pass over a text found. */
typedef struct FoundList
{
	int        count;
	BrimFound *at;
	int        sources;  /* of words of terms among them */
	bool       is_short; /* memory is */

	/* Memory */
	const BrimLexicon *lexicon;
	BrimMem           *mem;
	int                room;
} FoundList;

/* Signals as they are made: with the sources of their terms. */
typedef struct SignalList
{
	int              count;
	BrimIntentSignal at[BRIM_INTENT_SIGNALS_MAX];
	unsigned char    sources[BRIM_INTENT_SIGNALS_MAX];
} SignalList;

/* A structure a stage; only this file knows all of them. */
struct BrimIntentStages
{
	const BrimLexicon *lexicon;
	const BrimFold    *fold;
	BrimMem           *mem;

	BrimFoldedText text;
	BrimCompany    company;
	FoundList      found;
	BrimSentence   sentence;
	BrimHits       hits;
	SignalList     signals;
};

BrimIntentScan *
brim_intent_create(const BrimLexicon *lexicon, const BrimFold *fold, BrimMem *mem)
{
	BrimIntentScan          *scan = brim_mem_alloc(mem, sizeof(BrimIntentScan));
	struct BrimIntentStages *stages = brim_mem_alloc(mem, sizeof(struct BrimIntentStages));

	if (scan == NULL || stages == NULL)
	{
		brim_mem_free(mem, scan);
		brim_mem_free(mem, stages);
		return NULL;
	}
	memset(scan, 0, sizeof(*scan));
	memset(stages, 0, sizeof(*stages));
	stages->lexicon = lexicon;
	stages->fold = fold;
	stages->mem = mem;
	brim_intent_text_init(&stages->text, mem);
	brim_intent_company_init(&stages->company, mem);
	stages->found.lexicon = lexicon;
	stages->found.mem = mem;
	scan->stages = stages;
	scan->signals = stages->signals.at;
	if (!brim_intent_marks_init(&stages->sentence.marks, lexicon, mem) ||
		!brim_intent_judge_init(&stages->hits, lexicon, mem))
	{
		brim_intent_free(scan);
		return NULL;
	}
	return scan;
}

void
brim_intent_free(BrimIntentScan *scan)
{
	struct BrimIntentStages *stages;
	BrimMem                 *mem;

	if (scan == NULL)
		return;
	stages = scan->stages;
	mem = stages->mem;
	brim_intent_text_free(&stages->text);
	brim_intent_company_free(&stages->company);
	brim_mem_free(mem, stages->found.at);
	brim_intent_marks_free(&stages->sentence.marks);
	brim_intent_judge_free(&stages->hits, mem);
	brim_mem_free(mem, stages);
	brim_mem_free(mem, scan);
}

/* Note a phrase that the pass found; what is beyond the limit is not looked at. */
static bool
note(void *state, int pattern, size_t end)
{
	FoundList *found = state;

	if (found->count == BRIM_INTENT_FOUND_MAX)
		return false;
	if (!BRIM_GROW(found->mem, found->at, found->count, found->room, BRIM_INTENT_FOUND_MAX))
	{
		found->is_short = true;
		return false;
	}
	found->at[found->count].pattern = pattern;
	found->at[found->count].end = end;
	found->count++;
	found->sources |= found->lexicon->is_word[pattern];
	return true;
}

/* Return true if a cue among what was found says that the text is a job post. */
static bool
says_job_post(const FoundList *found)
{
	const BrimLexicon *lexicon = found->lexicon;

	for (int i = 0; i < found->count; i++)
	{
		int pattern = found->at[i].pattern;

		for (int t = lexicon->phrases.first[pattern]; t < lexicon->phrases.first[pattern + 1]; t++)
		{
			const BrimItem *item = &lexicon->items[lexicon->phrases.targets[t].item];

			if (item->role == BRIM_ITEM_CUE && item->term == BRIM_CUE_JOB_POST)
				return true;
		}
	}
	return false;
}

/* Turn the hits of a sentence into signals; those beyond the limit are left out. */
static void
add_signals(SignalList *signals, const BrimSentence *sentence, const BrimHits *hits)
{
	for (int i = 0; i < hits->count && signals->count < BRIM_INTENT_SIGNALS_MAX; i++)
	{
		brim_intent_signal_make(&signals->at[signals->count], sentence, &hits->at[i]);
		signals->sources[signals->count++] = (unsigned char) hits->at[i].term->sources;
	}
}

/* Read and judge each sentence that has a word of a term; false: memory is short. */
static bool
read_sentences(struct BrimIntentStages *stages, const BrimPassage *passage)
{
	const FoundList *found = &stages->found;
	BrimStr          text = passage->text->text;
	size_t           start = 0;
	int              next = 0;

	while (start < text.len && next < found->count)
	{
		size_t end = brim_intent_sentence_end(text, start);
		int    first = next;
		int    sources = 0;

		for (; next < found->count && found->at[next].end <= end; next++)
			sources |= passage->lexicon->is_word[found->at[next].pattern];
		if ((sources & passage->sources) != 0)
		{
			if (!brim_intent_sentence_read(&stages->sentence, passage, start, end,
										   found->at + first, next - first))
				return false;
			brim_intent_judge(&stages->hits, passage->lexicon, &stages->sentence);
			add_signals(&stages->signals, &stages->sentence, &stages->hits);
		}
		start = end;
	}
	return true;
}

/*
 * Decide what the text is, where that is not known: a job post if nothing but
 * terms of job posts was fulfilled.  Keep the signals of that kind.
 */
static int
settle_source(SignalList *signals, int sources)
{
	int source = sources;
	int kept = 0;

	if (sources == BRIM_INTENT_ANY)
	{
		source = BRIM_INTENT_JOB_POST;
		for (int i = 0; i < signals->count; i++)
		{
			if ((signals->sources[i] & BRIM_INTENT_NEWS) != 0)
				source = BRIM_INTENT_NEWS;
		}
	}
	for (int i = 0; i < signals->count; i++)
	{
		if ((signals->sources[i] & source) != 0)
			signals->at[kept++] = signals->at[i];
	}
	signals->count = kept;
	return source;
}

static int
compare_signals(const void *left, const void *right)
{
	const BrimIntentSignal *a = left;
	const BrimIntentSignal *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->class_no > b->class_no) - (a->class_no < b->class_no);
}

bool
brim_intent_run(BrimIntentScan *scan, BrimStr text, BrimStr company, int sources)
{
	struct BrimIntentStages *stages = scan->stages;
	FoundList               *found = &stages->found;
	SignalList              *signals = &stages->signals;
	BrimPassage              passage = {stages->lexicon, &stages->text, &stages->company,
										sources & BRIM_INTENT_ANY};

	scan->nsignals = 0;
	scan->source = sources;
	found->count = 0;
	found->sources = 0;
	found->is_short = false;
	signals->count = 0;
	if (text.len == 0 || stages->lexicon->automaton == NULL)
		return true;
	if (!brim_intent_text_fold(&stages->text, stages->fold, text))
		return false;
	brim_automaton_walk_at(stages->lexicon->automaton, stages->text.text, note, found);
	if (found->is_short)
		return false;
	if ((found->sources & passage.sources) == 0)
		return true;
	if (passage.sources == BRIM_INTENT_ANY && says_job_post(found))
		passage.sources = BRIM_INTENT_JOB_POST;
	if (!brim_intent_company_set(&stages->company, stages->fold, company) ||
		!read_sentences(stages, &passage))
		return false;
	scan->source = settle_source(signals, passage.sources);
	if (signals->count > 1)
		qsort(signals->at, (size_t) signals->count, sizeof(BrimIntentSignal), compare_signals);
	scan->nsignals = signals->count;
	return true;
}
