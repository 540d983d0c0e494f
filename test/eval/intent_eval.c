/*-------------------------------------------------------------------------
 *
 * intent_eval.c
 *	  Run the intent engine over texts: one line in, one line of events out.
 *
 *		intent_eval LEXICON.tsv < TEXTS.tsv
 *		intent_eval LEXICON.tsv --speed < TEXTS.tsv
 *
 * LEXICON.tsv, in the text form of COPY: "class" class polarity weight
 * half_life; "term" class term_no source words near unless; "cue" kind
 * phrase; lists with the byte 0x1F between.  TEXTS: source (news, job_post,
 * any), company, text.  Out: class:certainty:subject:amount:currency:round:people:evidence
 * for each event, with the byte 0x1F between.  --speed prints nanoseconds a byte.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/intent/intent.h"

#define LINE_MAX_BYTES (1 << 20)
#define FIELDS_MAX 8
#define ROWS_MAX 20000

static char line[LINE_MAX_BYTES];

/* Undo the escapes of COPY in place. */
static void
unescape(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++)
	{
		if (*text == '\\' && text[1] != '\0')
		{
			text++;
			*to++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : *text == 'r' ? '\r' : *text;
		}
		else
			*to++ = *text;
	}
	*to = '\0';
}

/* Read a line of fields; their number, 0 at the end. */
static int
read_row(FILE *file, BrimStr *fields, bool keep)
{
	char *at = line;
	int   count = 0;

	if (fgets(line, sizeof(line), file) == NULL)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	while (at != NULL && count < FIELDS_MAX)
	{
		char *next = strchr(at, '\t');

		if (next != NULL)
			*next++ = '\0';
		unescape(at);
		fields[count++] = brim_str(keep ? strdup(at) : at);
		at = next;
	}
	return count;
}

static int
split_list(BrimStr list, const BrimStr **out)
{
	BrimStr *items = malloc(sizeof(BrimStr) * (list.len + 1));
	int      count = 0;
	size_t   start = 0;

	for (size_t i = 0; list.len > 0 && i <= list.len; i++)
	{
		if (i == list.len || list.data[i] == '\x1f')
		{
			items[count].data = list.data + start;
			items[count++].len = i - start;
			start = i + 1;
		}
	}
	*out = items;
	return count;
}

static int
source_named(BrimStr name)
{
	if (brim_str_equal(name, brim_str("news")))
		return BRIM_INTENT_NEWS;
	return brim_str_equal(name, brim_str("job_post")) ? BRIM_INTENT_JOB_POST : BRIM_INTENT_ANY;
}

static BrimLexicon *
read_lexicon(const char *path)
{
	static BrimClassDef classes[ROWS_MAX];
	static BrimTermDef  terms[ROWS_MAX];
	static BrimCueDef   cues[ROWS_MAX];
	BrimLexiconDef      def = {0, classes, 0, terms, 0, cues};
	BrimStr             row[FIELDS_MAX];
	BrimLexicon        *lexicon;
	BrimError           error;
	FILE               *file = fopen(path, "r");

	if (file == NULL)
		exit(2);
	while (read_row(file, row, true) > 0)
	{
		if (strcmp(row[0].data, "class") == 0)
		{
			classes[def.nclasses].name = row[1];
			classes[def.nclasses].polarity = atoi(row[2].data);
			classes[def.nclasses].weight = (int) (atof(row[3].data) * 10000 + 0.5);
			classes[def.nclasses++].half_life_days = atoi(row[4].data);
		}
		else if (strcmp(row[0].data, "term") == 0)
		{
			BrimTermDef *term = &terms[def.nterms++];

			term->class_name = row[1];
			term->term_no = atoi(row[2].data);
			term->sources = source_named(row[3]);
			term->nwords = split_list(row[4], &term->words);
			term->nnear = split_list(row[5], &term->near);
			term->nunless = split_list(row[6], &term->unless);
		}
		else
		{
			cues[def.ncues].kind = row[1];
			cues[def.ncues++].phrase = row[2];
		}
	}
	fclose(file);
	lexicon = brim_lexicon_compile(&def, NULL, brim_mem_malloc(), &error);
	if (lexicon == NULL)
	{
		fprintf(stderr, "%s\n", error.message);
		exit(2);
	}
	return lexicon;
}

static void
print_hit(const BrimLexicon *lexicon, BrimStr text, const BrimIntentSignal *hit)
{
	static const char *const certainties[] = {"stated", "hedged", "negated"};

	printf("%s:%s:%s:", lexicon->classes[hit->class_no].name.data, certainties[hit->certainty],
		   hit->is_other ? "other" : "own");
	if (hit->has_amount)
		printf("%.2f", (double) hit->amount / 100);
	printf(":%s:%s:%d:%.*s", hit->currency.data == NULL ? "" : hit->currency.data,
		   hit->round.data == NULL ? "" : hit->round.data, hit->people, (int) hit->len,
		   text.data + hit->start);
}

static double
now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double) at.tv_sec * 1e9 + (double) at.tv_nsec;
}

int
main(int argc, char **argv)
{
	BrimLexicon    *lexicon = argc > 1 ? read_lexicon(argv[1]) : NULL;
	bool            speed = argc > 2 && strcmp(argv[2], "--speed") == 0;
	BrimIntentScan *scan;
	BrimStr         row[FIELDS_MAX];
	double          spent[2] = {0, 0};
	double          bytes[2] = {0, 0};

	if (lexicon == NULL)
		return 2;
	scan = brim_intent_create(lexicon, NULL, brim_mem_malloc());
	while (read_row(stdin, row, false) >= 3)
	{
		int    rounds = speed ? 200 : 1;
		double start = now();

		for (int i = 0; i < rounds; i++)
		{
			if (!brim_intent_run(scan, row[2], row[1], source_named(row[0])))
				return 1;
		}
		spent[scan->nsignals > 0] += (now() - start) / rounds;
		bytes[scan->nsignals > 0] += (double) row[2].len;
		for (int i = 0; i < scan->nsignals && !speed; i++)
		{
			if (i > 0)
				putchar('\x1f');
			print_hit(lexicon, row[2], &scan->signals[i]);
		}
		if (!speed)
			putchar('\n');
	}
	if (speed)
		printf("without events: %.1f ns a byte; with events: %.1f ns a byte\n",
			   spent[0] / (bytes[0] + 1e-9), spent[1] / (bytes[1] + 1e-9));
	brim_intent_free(scan);
	brim_lexicon_free(lexicon);
	return 0;
}
