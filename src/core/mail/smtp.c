/*-------------------------------------------------------------------------
 *
 * smtp.c
 *	  The client side of one SMTP connection after login; see smtp.h.
 *
 * An "early" reply is one that began before what it could answer was written
 * in full.  It can only be about the connection (421), or, while the message
 * is on its way, a refusal of it.  Before the dot both end the e-mail safely:
 * a server must discard a message without its terminator.  A reply that comes
 * while a part of the terminator is written is no answer to the whole of it,
 * and what the server makes of that part is unknown: uncertain, whatever it
 * says.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/smtp.h"

#include <stdio.h>
#include <string.h>

#include "core/mail/address.h"
#include "core/mail/smtp_message.h"
#include "core/mail/smtp_reply.h"
#include "core/mail/smtp_verdict.h"

#define CHUNK_SIZE 16384

struct BrimSmtp
{
	/* Connection */
	BrimMem *mem;
	bool     usable;      /* may carry another e-mail */
	bool     needs_reset; /* the last e-mail left a transaction open */

	/* Progress */
	BrimSmtpNeed   need;
	BrimSmtpPhase  phase;
	bool           past_barrier;
	BrimSmtpResult result;

	/* E-mail */
	char            sender[256];
	char            recipient[256];
	BrimSmtpMessage message;

	/* Reply to the present command */
	BrimSmtpReply reply;
	bool          early;

	/* Output not yet written: out_pos .. out_len */
	char   out[CHUNK_SIZE];
	size_t out_pos;
	size_t out_len;
};

/* A connection that has just logged in, with no e-mail under way. */
BrimSmtp *
brim_smtp_create(BrimMem *mem)
{
	BrimSmtp *smtp = brim_mem_alloc(mem, sizeof(*smtp));

	if (smtp == NULL)
		return NULL;
	memset(smtp, 0, sizeof(*smtp));
	smtp->mem = mem;
	smtp->usable = true;
	smtp->need = BRIM_SMTP_DONE;
	smtp->phase = BRIM_SMTP_PHASE_CONNECT;
	smtp->result.verdict = BRIM_SMTP_TRANSPORT;
	brim_smtp_reply_reset(&smtp->reply);
	return smtp;
}

void
brim_smtp_destroy(BrimSmtp *smtp)
{
	if (smtp != NULL)
		brim_mem_free(smtp->mem, smtp);
}

/* The e-mail is over; the result is complete except for what is set here. */
static void
finish(BrimSmtp *smtp)
{
	smtp->need = BRIM_SMTP_DONE;
	smtp->out_pos = smtp->out_len = 0;
	smtp->usable = smtp->result.reusable;
	smtp->needs_reset = smtp->phase >= BRIM_SMTP_PHASE_MAIL && smtp->phase <= BRIM_SMTP_PHASE_DATA;
}

/* Put what was read of a reply into the result. */
static void
record_reply(BrimSmtp *smtp)
{
	const BrimSmtpReply *reply = &smtp->reply;
	BrimSmtpResult      *result = &smtp->result;
	bool                 whole = reply->state == BRIM_SMTP_REPLY_WHOLE;

	result->phase = smtp->phase;
	result->code = whole ? reply->code : 0;
	result->retry_after = whole ? reply->retry_after : 0;
	memcpy(result->enhanced, whole ? reply->enhanced : "", whole ? sizeof(result->enhanced) : 1);
	brim_smtp_reply_text(reply, result->reply, sizeof(result->reply));
}

/* The connection cannot go on.  What that means depends on the barrier alone. */
static void
break_off(BrimSmtp *smtp, const char *fault)
{
	if (smtp->phase != BRIM_SMTP_PHASE_QUIT)
	{
		record_reply(smtp);
		brim_error_set(&smtp->result.fault, "%s", fault);
		smtp->result.verdict = smtp->past_barrier ? BRIM_SMTP_UNCERTAIN : BRIM_SMTP_TRANSPORT;
		smtp->result.suppress_recipient = false;
		smtp->result.sender_fault = false;
	}
	smtp->result.reusable = false;
	finish(smtp);
}

/* Begin a phase: its command goes out, then its reply is read. */
static void
enter(BrimSmtp *smtp, BrimSmtpPhase phase)
{
	int len = 0;

	smtp->phase = phase;
	smtp->need = BRIM_SMTP_SEND;
	smtp->early = false;
	brim_smtp_reply_reset(&smtp->reply);
	switch (phase)
	{
		case BRIM_SMTP_PHASE_CONNECT:
			break;
		case BRIM_SMTP_PHASE_RESET:
			len = snprintf(smtp->out, CHUNK_SIZE, "RSET\r\n");
			break;
		case BRIM_SMTP_PHASE_MAIL:
			len = snprintf(smtp->out, CHUNK_SIZE, "MAIL FROM:<%s>\r\n", smtp->sender);
			break;
		case BRIM_SMTP_PHASE_RCPT:
			len = snprintf(smtp->out, CHUNK_SIZE, "RCPT TO:<%s>\r\n", smtp->recipient);
			break;
		case BRIM_SMTP_PHASE_DATA:
			len = snprintf(smtp->out, CHUNK_SIZE, "DATA\r\n");
			break;
		case BRIM_SMTP_PHASE_BODY:
			len = (int) brim_smtp_message_fill(&smtp->message, smtp->out, CHUNK_SIZE);
			break;
		case BRIM_SMTP_PHASE_DOT:
			len =
				snprintf(smtp->out, CHUNK_SIZE, "%s", brim_smtp_message_terminator(&smtp->message));
			break;
		case BRIM_SMTP_PHASE_QUIT:
			len = snprintf(smtp->out, CHUNK_SIZE, "QUIT\r\n");
			break;
	}
	smtp->out_pos = 0;
	smtp->out_len = len > 0 ? (size_t) len : 0;
	if (phase != BRIM_SMTP_PHASE_QUIT)
		smtp->result.phase = phase;
}

/* Copy a checked address, which has at most 254 bytes. */
static bool
take_address(char *target, BrimStr address, const char *what, BrimError *error)
{
	const char *why;

	if (!brim_address_check(address, &why))
	{
		brim_error_set(error, "the %s address %s", what, why);
		return false;
	}
	memcpy(target, address.data, address.len);
	target[address.len] = '\0';
	return true;
}

bool
brim_smtp_begin(BrimSmtp *smtp, BrimStr sender, BrimStr recipient, BrimStr message,
				BrimError *error)
{
	const char *why;

	if (smtp->need != BRIM_SMTP_DONE)
	{
		brim_error_set(error, "another e-mail is under way on this connection");
		return false;
	}
	if (!take_address(smtp->sender, sender, "sender", error) ||
		!take_address(smtp->recipient, recipient, "recipient", error))
		return false;
	if ((why = brim_smtp_message_check(message)) != NULL)
	{
		brim_error_set(error, "the message %s", why);
		return false;
	}
	brim_smtp_message_start(&smtp->message, message);
	smtp->past_barrier = false;
	memset(&smtp->result, 0, sizeof(smtp->result));
	smtp->result.verdict = BRIM_SMTP_TRANSPORT;
	brim_smtp_reply_reset(&smtp->reply);
	if (!smtp->usable)
	{
		smtp->phase = BRIM_SMTP_PHASE_CONNECT;
		break_off(smtp, "the connection cannot carry another e-mail");
		return true;
	}
	enter(smtp, smtp->needs_reset ? BRIM_SMTP_PHASE_RESET : BRIM_SMTP_PHASE_MAIL);
	return true;
}

BrimSmtpNeed
brim_smtp_need(const BrimSmtp *smtp)
{
	return smtp->need;
}

BrimStr
brim_smtp_output(BrimSmtp *smtp)
{
	BrimStr output = {smtp->out, 0};

	if (smtp->need == BRIM_SMTP_SEND)
	{
		output.data = smtp->out + smtp->out_pos;
		output.len = smtp->out_len - smtp->out_pos;
	}
	return output;
}

void
brim_smtp_sent(BrimSmtp *smtp, size_t len)
{
	if (smtp->need != BRIM_SMTP_SEND)
		return;
	if (len > smtp->out_len - smtp->out_pos)
		len = smtp->out_len - smtp->out_pos;
	smtp->out_pos += len;
	if (smtp->out_pos < smtp->out_len)
		return;
	smtp->need = BRIM_SMTP_REPLY;
	if (smtp->phase == BRIM_SMTP_PHASE_BODY)
	{
		smtp->out_pos = 0;
		smtp->out_len = brim_smtp_message_fill(&smtp->message, smtp->out, CHUNK_SIZE);
		if (smtp->out_len > 0)
			smtp->need = BRIM_SMTP_SEND;

		/* no dot for a server that is in the middle of saying something */
		else if (smtp->reply.nbytes == 0)
			smtp->need = BRIM_SMTP_BARRIER;
	}
}

/* A 4yz or 5yz reply that is the answer. */
static void
refuse(BrimSmtp *smtp)
{
	if (smtp->phase == BRIM_SMTP_PHASE_RESET)
	{
		break_off(smtp, "the server refused RSET");
		return;
	}
	brim_smtp_verdict_judge(smtp->phase, &smtp->result);
	if (smtp->result.verdict == BRIM_SMTP_FAILED)
		smtp->result.retry_after = 0;
	finish(smtp);
}

/* The answer that was hoped for: on to the next phase. */
static void
advance(BrimSmtp *smtp)
{
	switch (smtp->phase)
	{
		case BRIM_SMTP_PHASE_RESET:
			smtp->needs_reset = false;
			enter(smtp, BRIM_SMTP_PHASE_MAIL);
			break;
		case BRIM_SMTP_PHASE_MAIL:
			enter(smtp, BRIM_SMTP_PHASE_RCPT);
			break;
		case BRIM_SMTP_PHASE_RCPT:
			enter(smtp, BRIM_SMTP_PHASE_DATA);
			break;
		case BRIM_SMTP_PHASE_DATA:
			enter(smtp, BRIM_SMTP_PHASE_BODY);
			break;
		case BRIM_SMTP_PHASE_DOT:
			smtp->result.verdict = BRIM_SMTP_SENT;
			smtp->result.reusable = true;
			finish(smtp);
			break;
		case BRIM_SMTP_PHASE_CONNECT:
		case BRIM_SMTP_PHASE_BODY:
		case BRIM_SMTP_PHASE_QUIT:
			break; /* have no answer to wait for */
	}
}

/* A whole reply has been read: does it decide, and what? */
static void
take_reply(BrimSmtp *smtp)
{
	int  code = smtp->reply.code;
	bool body = smtp->phase == BRIM_SMTP_PHASE_BODY;

	if (smtp->phase == BRIM_SMTP_PHASE_QUIT)
	{
		break_off(smtp, "");
		return;
	}
	record_reply(smtp);
	if (code == 421)
		break_off(smtp, "the server closes the connection");
	else if (smtp->early && !body)
		break_off(smtp, "a reply before the command was sent");
	else if (code >= 400)
		refuse(smtp);
	else if (body)
		break_off(smtp, "a reply in the middle of the message");
	else if (smtp->phase == BRIM_SMTP_PHASE_DATA ? code == 354 : code < 300)
		advance(smtp);
	else
		break_off(smtp, "a reply that does not fit the command");
}

void
brim_smtp_received(BrimSmtp *smtp, const char *data, size_t len)
{
	while (len > 0)
	{
		size_t taken;

		if (smtp->need == BRIM_SMTP_DONE)
		{
			/* nothing was asked: what was decided stands, the connection is out of step */
			smtp->result.reusable = false;
			smtp->usable = false;
			return;
		}
		if (smtp->need != BRIM_SMTP_REPLY)
			smtp->early = true;
		taken = brim_smtp_reply_read(&smtp->reply, data, len);
		data += taken;
		len -= taken;
		if (smtp->reply.state == BRIM_SMTP_REPLY_WHOLE)
			take_reply(smtp);
		else if (smtp->reply.state == BRIM_SMTP_REPLY_FAULT)
			break_off(smtp, smtp->reply.fault);
		else if (smtp->need == BRIM_SMTP_BARRIER)
			smtp->need = BRIM_SMTP_REPLY;
	}
}

void
brim_smtp_dot(BrimSmtp *smtp)
{
	if (smtp->need != BRIM_SMTP_BARRIER)
		return;
	smtp->past_barrier = true;
	smtp->result.verdict = BRIM_SMTP_UNCERTAIN;
	enter(smtp, BRIM_SMTP_PHASE_DOT);
}

void
brim_smtp_lost(BrimSmtp *smtp, const char *reason)
{
	if (smtp->need == BRIM_SMTP_DONE)
	{
		smtp->result.reusable = false;
		smtp->usable = false;
		return;
	}
	break_off(smtp, reason != NULL && reason[0] != '\0' ? reason : "the connection was lost");
}

const BrimSmtpResult *
brim_smtp_result(const BrimSmtp *smtp)
{
	return &smtp->result;
}

BrimSmtpPhase
brim_smtp_current_phase(const BrimSmtp *smtp)
{
	return smtp->phase;
}

bool
brim_smtp_past_barrier(const BrimSmtp *smtp)
{
	return smtp->past_barrier;
}

void
brim_smtp_quit(BrimSmtp *smtp)
{
	if (smtp->need == BRIM_SMTP_DONE && smtp->usable)
		enter(smtp, BRIM_SMTP_PHASE_QUIT);
}

int
brim_smtp_time_limit(const BrimSmtp *smtp)
{
	return smtp->need == BRIM_SMTP_DONE ? 0 : brim_smtp_phase_timeout(smtp->phase);
}
