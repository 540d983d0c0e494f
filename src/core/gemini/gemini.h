/*-------------------------------------------------------------------------
 *
 * gemini.h
 *	  What is said to Gemini's generateContent to get e-mails, and what its
 *	  answer means.
 *
 * Bodies only; the connection, the key and the headers are net's.  JSON is
 * json-c's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_GEMINI_GEMINI_H
#define BRIM_CORE_GEMINI_GEMINI_H

#include "core/base/buf.h"

#define BRIM_GEMINI_MAX_VARIANTS 8
#define BRIM_GEMINI_MAX_SUBJECT 200    /* bytes of a subject that is accepted */
#define BRIM_GEMINI_MAX_BODY 10000     /* bytes of a body that is accepted */
#define BRIM_GEMINI_MAX_TEXT 65536     /* bytes of each other text of a request */
#define BRIM_GEMINI_MAX_COMPANY 262144 /* bytes of the facts about a company */

typedef struct BrimGeminiVariant
{
	BrimStr name;
	BrimStr instruction;
} BrimGeminiVariant;

typedef struct BrimGeminiRequest
{
	/* What is offered and by whom */
	BrimStr product_name;
	BrimStr product_pitch;
	BrimStr sender_name;

	/* To whom: untrusted data, sent as JSON only in the user part */
	BrimStr company; /* a JSON object: facts, score, reasons */

	/* How */
	const BrimGeminiVariant *variants;
	int                      nvariants; /* 1 .. BRIM_GEMINI_MAX_VARIANTS */
} BrimGeminiRequest;

typedef enum BrimGeminiOutcome
{
	BRIM_GEMINI_ANSWERED, /* what was asked for is there */
	BRIM_GEMINI_RETRY,    /* this request may succeed later */
	BRIM_GEMINI_QUOTA,    /* stop asking altogether until retry_after is over */
	BRIM_GEMINI_CONFIG,   /* stop asking until the operator changes something */
	BRIM_GEMINI_REFUSED   /* retrying cannot mend it */
} BrimGeminiOutcome;

typedef struct BrimGeminiDraft
{
	char *subject; /* NUL-terminated valid UTF-8 on one line */
	char *body;    /* NUL-terminated valid UTF-8, LF line ends */
} BrimGeminiDraft;

/* What every answer says, whatever was asked for */
typedef struct BrimGeminiAnswer
{
	BrimGeminiOutcome outcome;

	/* Statistics; -1 where the reply does not say */
	char model_version[64];
	int  prompt_tokens;
	int  output_tokens;
	int  thought_tokens;

	/* Fault */
	int       retry_after; /* seconds the server asked for, 0 without a hint */
	bool      heard; /* HTTP 200: a fault lies in what was asked or said, not in the service */
	BrimError error; /* for people; never holds the request or the key */
} BrimGeminiAnswer;

typedef struct BrimGeminiReply
{
	BrimGeminiAnswer answer;

	/* Drafts, in the order of the request's variants, when ANSWERED */
	BrimGeminiDraft drafts[BRIM_GEMINI_MAX_VARIANTS];
} BrimGeminiReply;

/*
 * Append the JSON body of the request to out.  False with *error set when a
 * text is too long or not valid UTF-8, when a variant has no name or comes
 * twice, when company is no JSON object, and when out is full; what out holds
 * then is of no use.
 */
extern bool brim_gemini_request(const BrimGeminiRequest *request, BrimBuf *out, BrimError *error);

/*
 * Read an HTTP answer (status 0: none came, transport_error says why).
 * retry_after_header is the Retry-After value in seconds or 0.  Drafts live in
 * mem until brim_gemini_reply_free().
 */
extern void brim_gemini_reply_read(const BrimGeminiRequest *request, int http_status,
								   int retry_after_header, const char *transport_error,
								   BrimStr body, BrimMem *mem, BrimGeminiReply *reply);
extern void brim_gemini_reply_free(BrimMem *mem, BrimGeminiReply *reply);

#endif /* BRIM_CORE_GEMINI_GEMINI_H */
