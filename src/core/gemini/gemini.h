/*-------------------------------------------------------------------------
 *
 * gemini.h
 *	  What is said to Gemini's generateContent to get e-mails or to have texts
 *	  classified, and what its answer means.
 *
 * Bodies only; the connection, the key and the headers are net's.  JSON is
 * json-c's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_GEMINI_GEMINI_H
#define BRIM_CORE_GEMINI_GEMINI_H

#include "core/base/base.h"

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

/*
 * To have texts classified
 *
 *	class	 a kind of event, such as funding; the set is given with each request
 *	text	 a news mention or a job post
 *	event	 a class that a text speaks of, and the words that say so
 */
#define BRIM_GEMINI_MAX_TEXTS 100        /* of one request */
#define BRIM_GEMINI_MAX_CLASSES 200      /* of one request */
#define BRIM_GEMINI_MAX_CLASSIFIED 65536 /* bytes of one text */
#define BRIM_GEMINI_MAX_DESCRIPTION 2000 /* bytes of the description of a class */
#define BRIM_GEMINI_MAX_EVENTS 16        /* of one text that are kept */
#define BRIM_GEMINI_MAX_EVIDENCE 400     /* bytes of the evidence of an event that is kept */

typedef struct BrimGeminiClass
{
	BrimStr name;
	BrimStr description; /* may be empty */
	int     polarity;    /* 1, 0 or -1: for the caller; the model does not see it */
} BrimGeminiClass;

typedef struct BrimGeminiText
{
	BrimStr source;  /* news or job_post */
	BrimStr content; /* untrusted data, sent as JSON only in the user part */
} BrimGeminiText;

typedef struct BrimGeminiQuestion
{
	const BrimGeminiClass *classes;
	int                    nclasses; /* 1 .. BRIM_GEMINI_MAX_CLASSES */
	const BrimGeminiText  *texts;
	int                    ntexts; /* 1 .. BRIM_GEMINI_MAX_TEXTS */
} BrimGeminiQuestion;

typedef struct BrimGeminiEvent
{
	int     class_no;  /* in the question's classes */
	bool    is_hedged; /* else stated */
	BrimStr evidence;  /* a part of the text's content, borrowed; data NULL: none */
} BrimGeminiEvent;

typedef struct BrimGeminiFinding
{
	bool            is_answered; /* there is an answer for this text */
	bool            is_odd;      /* it names a class that was not given; that event is left out */
	int             nevents;     /* each of another class */
	BrimGeminiEvent events[BRIM_GEMINI_MAX_EVENTS];
} BrimGeminiFinding;

typedef struct BrimGeminiClassified
{
	BrimGeminiAnswer answer;

	/* In the order of the question's texts, when ANSWERED: at least one is_answered */
	BrimGeminiFinding *findings;
} BrimGeminiClassified;

/* Texts that one request should hold: more save tokens, but a useless answer costs more of them. */
#define BRIM_GEMINI_CLASSIFY_TEXTS 20

/*
 * Append the JSON body of the request to out.  False with *error set when a
 * text or class is empty, too long or not valid UTF-8, when a class comes twice,
 * when there are too few or too many, and when out is full.
 */
extern bool
brim_gemini_classify_request(const BrimGeminiQuestion *question, BrimBuf *out, BrimError *error);

/*
 * Read an HTTP answer; the arguments are those of brim_gemini_reply_read().  Findings
 * live in mem until brim_gemini_classify_free(), and borrow from the question.
 */
extern void brim_gemini_classify_read(const BrimGeminiQuestion *question, int http_status,
									  int retry_after_header, const char *transport_error,
									  BrimStr body, BrimMem *mem, BrimGeminiClassified *reply);
extern void brim_gemini_classify_free(BrimMem *mem, BrimGeminiClassified *reply);

#endif /* BRIM_CORE_GEMINI_GEMINI_H */
