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
#include "pg/queue/table.h"

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

extern BrimQueueTable brim_generation_queue;

/* Best score first; the array and its texts are palloc'd in context. */
extern int
brim_generation_claim(const BrimClaim *what, MemoryContext context, BrimGeneration **jobs);

/*
 * Draft all variants of a job from templates, palloc'd in context.  Returns
 * how many, or -1 with *problem when a template cannot be filled.
 */
extern int brim_generation_from_templates(int64 generation_id, MemoryContext context,
										  BrimDraft **drafts, char **problem);

/* Record one result; true when the job was still ours. */
extern bool brim_generation_record(const BrimGenerationResult *result, int64 token);

#endif /* BRIM_PG_QUEUE_GENERATION_H */
