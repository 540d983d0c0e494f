/*-------------------------------------------------------------------------
 *
 * generation.h
 *	  The generation queue: claim, draft from templates, record.
 *
 * Every function runs inside a transaction that the caller began with
 * brim_txn_begin().
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_GENERATION_H
#define BRIM_PG_QUEUE_GENERATION_H

#include "core/gemini/gemini.h"
#include "datatype/timestamp.h"
#include "pg/queue/claim.h"

/* One claimed generation; texts are UTF-8 in the context given to the claim. */
typedef struct BrimGeneration
{
	/* Identity */
	int64 generation_id;
	int   score;
	int   attempts; /* requests made so far */

	/* Prompt: request.variants points to variants */
	BrimGeminiRequest request;
	BrimGeminiVariant variants[BRIM_GEMINI_MAX_VARIANTS];
} BrimGeneration;

/* One variant, drafted; UTF-8. */
typedef struct BrimDraft
{
	const char *variant;
	const char *subject;
	const char *body;
} BrimDraft;

typedef struct BrimGenerationResult
{
	int64       generation_id;
	const char *status;  /* queued, done or failed */
	bool        charged; /* counts as an attempt */
	int         delay;   /* seconds, with queued */
	const char *error;   /* UTF-8, or NULL */

	/* Drafts, with done */
	const BrimDraft *drafts;
	int              ndrafts;
	const char      *provider; /* gemini or template */
	const char      *model;
	const char      *model_version;

	/* Statistics; -1 unknown */
	int prompt_tokens;
	int output_tokens;
	int thought_tokens;
	int latency_ms;
} BrimGenerationResult;

extern int
brim_generation_claim(const BrimClaim *what, MemoryContext context, BrimGeneration **jobs);
extern int         brim_generation_suspects(const char *node_id, int max, BrimPlaceInQueue *places);
extern TimestampTz brim_generation_next_due(bool *blocked);

/*
 * Draft all variants of a job from templates, palloc'd in context.  Returns
 * how many, or -1 with *problem when a template cannot be filled.
 */
extern int brim_generation_from_templates(int64 generation_id, MemoryContext context,
										  BrimDraft **drafts, char **problem);

/* Record one result; true when the job was still ours. */
extern bool brim_generation_record(const BrimGenerationResult *result, int64 token);
extern int  brim_generation_recover(int64 token, int number, bool clean);

/* Give back what this process has claimed without knowing it; held are the jobs that it knows. */
extern void brim_generation_release_forgotten(int64 token, int number, const int64 *held, int n);

/* The clock was set back by so much: rows that wait do so no longer than was meant. */
extern void brim_generation_shift(int64 milliseconds);

#endif /* BRIM_PG_QUEUE_GENERATION_H */
