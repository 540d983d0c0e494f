/*-------------------------------------------------------------------------
 *
 * intent.c
 *	  Events in texts: the pass over a text; see intent.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/intent.h"

#include <stdlib.h>
#include <string.h>

#include "core/intent/work.h"

BrimIntentScan *
brim_intent_create(const BrimLexicon *lexicon, const BrimFold *fold, BrimMem *mem)
{
	BrimIntentScan *scan = brim_mem_alloc(mem, sizeof(BrimIntentScan));
	BrimIntentWork *work = brim_mem_alloc(mem, sizeof(BrimIntentWork));
	int  *class_hit = brim_mem_alloc(mem, sizeof(int) * 2 * ((size_t) lexicon->nclasses + 1));
	char *has_word = brim_mem_alloc(mem, (size_t) lexicon->nterms + 1);

	if (scan == NULL || work == NULL || class_hit == NULL || has_word == NULL)
	{
		brim_mem_free(mem, has_word);
		brim_mem_free(mem, scan);
		brim_mem_free(mem, work);
		brim_mem_free(mem, class_hit);
		return NULL;
	}
	memset(scan, 0, sizeof(*scan));
	memset(work, 0, sizeof(*work));
	work->lexicon = lexicon;
	work->fold = fold;
	work->mem = mem;
	work->has_word = has_word;
	work->class_hit = class_hit;
	work->class_word = class_hit + lexicon->nclasses;
	brim_intent_text_init(&work->text, mem);
	brim_intent_text_init(&work->company, mem);
	brim_buf_init(&work->company_lower, mem, 10000);
	scan->work = work;
	scan->hits = work->hits;
	return scan;
}

void
brim_intent_free(BrimIntentScan *scan)
{
	BrimIntentWork *work;
	BrimMem        *mem;

	if (scan == NULL)
		return;
	work = scan->work;
	mem = work->mem;
	brim_intent_text_free(&work->text);
	brim_intent_text_free(&work->company);
	brim_buf_free(&work->company_lower);
	brim_mem_free(mem, work->found);
	brim_mem_free(mem, work->marks);
	brim_mem_free(mem, work->cues);
	brim_mem_free(mem, work->has_word);
	brim_mem_free(mem, work->class_hit);
	brim_mem_free(mem, work);
	brim_mem_free(mem, scan);
}

/* Note a phrase that the pass found. */
static bool
note(void *state, int pattern, size_t end)
{
	BrimIntentWork *work = state;

	if (work->nfound == work->found_room)
	{
		int   room = work->found_room > 0 ? work->found_room * 2 : 128;
		void *grown;

		if (work->found_room >= BRIM_INTENT_FOUND_MAX)
			return false;
		grown = work->mem->resize(work->mem, work->found, (size_t) room * sizeof(BrimFound));
		if (grown == NULL)
		{
			work->is_short = true;
			return false;
		}
		work->found = grown;
		work->found_room = room;
	}
	work->found[work->nfound].pattern = pattern;
	work->found[work->nfound].end = end;
	work->nfound++;
	work->found_sources |= work->lexicon->is_word[pattern];
	return true;
}

/* Does a cue among what was found say that the text is a job post? */
static bool
says_job_post(const BrimIntentWork *work)
{
	const BrimLexicon *lexicon = work->lexicon;

	for (int i = 0; i < work->nfound; i++)
	{
		int pattern = work->found[i].pattern;

		for (int t = lexicon->phrases.first[pattern]; t < lexicon->phrases.first[pattern + 1]; t++)
		{
			const BrimItem *item = &lexicon->items[lexicon->phrases.targets[t].item];

			if (item->role == BRIM_ITEM_CUE && item->term == BRIM_CUE_JOB_POST)
				return true;
		}
	}
	return false;
}

/* Judge each sentence that has a word of a term. */
static bool
judge_sentences(BrimIntentWork *work)
{
	BrimStr text = work->text.text;
	size_t  start = 0;
	int     next = 0;

	while (start < text.len && next < work->nfound)
	{
		size_t end = brim_intent_sentence_end(text, start);
		int    first = next;
		int    sources = 0;

		for (; next < work->nfound && work->found[next].end <= end; next++)
			sources |= work->lexicon->is_word[work->found[next].pattern];
		if ((sources & work->sources) != 0)
		{
			brim_intent_sentence_read(work, start, end);
			if (!brim_intent_judge(work, work->found + first, next - first))
				return false;
		}
		start = end;
	}
	return true;
}

/*
 * Decide what the text is, where that is not known: a job post if a cue says
 * so or nothing but terms of job posts was fulfilled.  Keep the hits of that
 * kind.
 */
static void
settle_source(BrimIntentWork *work)
{
	int source = BRIM_INTENT_JOB_POST;
	int kept = 0;

	if (work->sources == BRIM_INTENT_ANY && !work->is_job_post)
	{
		for (int i = 0; i < work->nhits; i++)
		{
			if ((work->hit_sources[i] & BRIM_INTENT_NEWS) != 0)
				source = BRIM_INTENT_NEWS;
		}
	}
	else if (work->sources != BRIM_INTENT_ANY)
		source = work->sources;
	work->sources = source;
	for (int i = 0; i < work->nhits; i++)
	{
		if ((work->hit_sources[i] & source) != 0)
			work->hits[kept++] = work->hits[i];
	}
	work->nhits = kept;
}

static int
compare_hits(const void *left, const void *right)
{
	const BrimIntentHit *a = left;
	const BrimIntentHit *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->class_no > b->class_no) - (a->class_no < b->class_no);
}

bool
brim_intent_run(BrimIntentScan *scan, BrimStr text, BrimStr company, int sources)
{
	BrimIntentWork *work = scan->work;

	scan->nhits = 0;
	scan->source = sources;
	work->sources = sources & BRIM_INTENT_ANY;
	work->nhits = 0;
	work->nfound = 0;
	work->found_sources = 0;
	work->is_short = false;
	if (text.len == 0 || work->lexicon->automaton == NULL)
		return true;
	if (!brim_intent_text_fold(&work->text, work->fold, text))
		return false;
	brim_automaton_walk_at(work->lexicon->automaton, work->text.text, note, work);
	if (work->is_short)
		return false;
	if ((work->found_sources & work->sources) == 0)
		return true;
	work->is_job_post = work->sources == BRIM_INTENT_ANY && says_job_post(work);
	if (work->is_job_post)
		work->sources = BRIM_INTENT_JOB_POST;
	if (!brim_intent_company_set(work, company) || !judge_sentences(work))
		return false;
	settle_source(work);
	if (work->nhits > 1)
		qsort(work->hits, (size_t) work->nhits, sizeof(BrimIntentHit), compare_hits);
	scan->nhits = work->nhits;
	scan->source = work->sources;
	return true;
}
