/*-------------------------------------------------------------------------
 *
 * smtp_talk.h
 *	  For tests of core/smtp: a dialogue with a server that answers each phase
 *	  with a given text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_SMTP_TALK_H
#define BRIM_SMTP_TALK_H

#include "unit.h"

#include <stdlib.h>

#include "core/mail/smtp.h"

#define MAIL BRIM_SMTP_PHASE_MAIL
#define RCPT BRIM_SMTP_PHASE_RCPT
#define DATA BRIM_SMTP_PHASE_DATA
#define BODY BRIM_SMTP_PHASE_BODY
#define DOT BRIM_SMTP_PHASE_DOT

#define SENDER "ada@sender.example"
#define RECIPIENT "bob@reader.example"
#define MESSAGE "Subject: x\r\n\r\n.hidden\r\n..\r\nbody\r\n"

typedef struct Talk
{
	BrimSmtp *smtp;

	/* Behaviour */
	const char   *answers[8]; /* by phase; NULL: the usual one */
	size_t        read_size;  /* bytes handed over at a time */
	size_t        write_size; /* bytes written at a time */
	BrimSmtpPhase stop;       /* leave before answering this phase */

	/* What went out */
	char   wire[65536];
	size_t wire_len;
	size_t dot_at; /* wire_len when the barrier was reached */
	int    barriers;
} Talk;

static const char *const usual[8] = {
	NULL, "250 reset\r\n",        "250 2.1.0 ok\r\n", "250 2.1.5 ok\r\n", "354 go on\r\n",
	NULL, "250 2.0.0 queued\r\n", "221 bye\r\n"};

static inline void
talk_start(Talk *talk)
{
	memset(talk, 0, sizeof(*talk));
	talk->smtp = brim_smtp_create(brim_mem_malloc());
	talk->read_size = talk->write_size = 65536;
	talk->stop = BRIM_SMTP_PHASE_CONNECT;
}

static inline void
talk_end(Talk *talk)
{
	brim_smtp_destroy(talk->smtp);
}

static inline void
feed(Talk *talk, const char *data, size_t len)
{
	while (len > 0)
	{
		size_t n = len < talk->read_size ? len : talk->read_size;

		brim_smtp_received(talk->smtp, data, n);
		data += n;
		len -= n;
	}
}

/* Write what is to be written, as far as this one call goes. */
static inline void
write_some(Talk *talk)
{
	BrimStr out = brim_smtp_output(talk->smtp);
	size_t  n = out.len < talk->write_size ? out.len : talk->write_size;

	if (n > sizeof(talk->wire) - talk->wire_len)
		abort();
	memcpy(talk->wire + talk->wire_len, out.data, n);
	talk->wire_len += n;
	brim_smtp_sent(talk->smtp, n);
}

/* Go on until the e-mail is over or the phase to stop at waits for its answer. */
static inline const BrimSmtpResult *
talk_run(Talk *talk)
{
	BrimSmtpNeed need;

	while ((need = brim_smtp_need(talk->smtp)) != BRIM_SMTP_DONE)
	{
		BrimSmtpPhase phase = brim_smtp_current_phase(talk->smtp);

		if (need == BRIM_SMTP_SEND)
			write_some(talk);
		else if (need == BRIM_SMTP_BARRIER)
		{
			talk->barriers++;
			talk->dot_at = talk->wire_len;
			if (talk->stop == BRIM_SMTP_PHASE_BODY)
				break;
			brim_smtp_dot(talk->smtp);
		}
		else if (phase == talk->stop)
			break;
		else
		{
			const char *answer = talk->answers[phase] ? talk->answers[phase] : usual[phase];

			feed(talk, answer, strlen(answer));
			if (brim_smtp_need(talk->smtp) == BRIM_SMTP_REPLY &&
				brim_smtp_current_phase(talk->smtp) == phase)
				brim_smtp_lost(talk->smtp, "the server fell silent");
		}
	}
	return brim_smtp_result(talk->smtp);
}

static inline bool
talk_begin(Talk *talk, const char *message)
{
	BrimError error = {""};

	talk->wire_len = 0;
	return brim_smtp_begin(talk->smtp, brim_str(SENDER), brim_str(RECIPIENT), brim_str(message),
						   &error);
}

/* One e-mail on a new connection, with one phase answered this way. */
static inline BrimSmtpResult
answer(BrimSmtpPhase phase, const char *text)
{
	Talk          *talk = malloc(sizeof(*talk));
	BrimSmtpResult result;

	talk_start(talk);
	talk->answers[phase] = text;
	talk_begin(talk, MESSAGE);
	result = *talk_run(talk);
	talk_end(talk);
	free(talk);
	return result;
}

/* Check one result against what is written about it. */
static inline void
check(const char *what, BrimSmtpResult got, BrimSmtpVerdict verdict, const char *flags)
{
	static const char *const names[] = {"SENT", "FAILED", "RETRY", "TRANSPORT", "UNCERTAIN"};
	char                     seen[64];
	char                     wanted[64];

	/* r reusable, p suppress the recipient, f sender fault, t "in 5 minutes" */
	snprintf(seen, sizeof(seen), "%s %s%s%s%s", names[got.verdict], got.reusable ? "r" : "",
			 got.suppress_recipient ? "p" : "", got.sender_fault ? "f" : "",
			 got.retry_after == 300 ? "t" : "");
	snprintf(wanted, sizeof(wanted), "%s %s", names[verdict], flags);
	unit_is_text(seen, wanted, "%s", what);
}

#endif /* BRIM_SMTP_TALK_H */
