/*-------------------------------------------------------------------------
 *
 * classify.h
 *	  What is said to Gemini's generateContent to have texts classified, and
 *	  what its answer means.
 *
 *	class	 a kind of event, such as funding; the set is given with each request
 *	text	 a news mention or a job post
 *	event	 a class that a text speaks of, and the words that say so
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_GEMINI_CLASSIFY_H
#define BRIM_CORE_GEMINI_CLASSIFY_H

#include "core/gemini/gemini.h"

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
	int     polarity;    /* 1, 0 or -1: for the caller; the model is not told */
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

#endif /* BRIM_CORE_GEMINI_CLASSIFY_H */
