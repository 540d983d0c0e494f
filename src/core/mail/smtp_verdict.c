/*-------------------------------------------------------------------------
 *
 * smtp_verdict.c
 *	  What a refusal of an SMTP server means for the e-mail.
 *
 * The enhanced code (RFC 3463: class.subject.detail) says more than the basic
 * one and is asked first.  An address is suppressed only where the server says
 * in an enhanced code that it is no address: a bare 550 is as often a policy.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/smtp_verdict.h"

#include <stdlib.h>

/* Subjects of RFC 3463 */
enum
{
	SUBJECT_OTHER = 0,
	SUBJECT_ADDRESS = 1,
	SUBJECT_MAILBOX = 2,
	SUBJECT_SYSTEM = 3,
	SUBJECT_NETWORK = 4,
	SUBJECT_PROTOCOL = 5,
	SUBJECT_POLICY = 7
};

/* Subject and detail of "c.sss.ddd"; false without an enhanced code. */
static bool
read_enhanced(const char *enhanced, int *subject, int *detail)
{
	char *end;

	*subject = SUBJECT_OTHER;
	*detail = 0;
	if (enhanced[0] == '\0' || enhanced[1] != '.')
		return false;
	*subject = (int) strtol(enhanced + 2, &end, 10);
	if (*end == '.')
		*detail = (int) strtol(end + 1, NULL, 10);
	return true;
}

/* The login was refused or is missing: nothing about this e-mail. */
static bool
is_login(int code)
{
	return code == 530 || code == 534 || code == 535 || code == 538;
}

/* The two sides do not understand each other: they may be out of step. */
static bool
is_confusion(int code)
{
	return code == 500 || code == 502 || code == 503;
}

/* Does X.1.detail say that there is no such recipient? */
static bool
is_no_recipient(int detail)
{
	return detail == 1 || detail == 2 || detail == 3 || detail == 6 || detail == 10;
}

static bool
is_sender_address(int detail)
{
	return detail == 7 || detail == 8;
}

/* A 4yz reply: the relay's own trouble, or this e-mail's. */
static void
judge_temporary(BrimSmtpPhase phase, int subject, int detail, BrimSmtpResult *result)
{
	result->verdict = BRIM_SMTP_RETRY;
	if ((subject == SUBJECT_SYSTEM || subject == SUBJECT_NETWORK) && phase != BRIM_SMTP_PHASE_DOT)
		result->verdict = BRIM_SMTP_TRANSPORT;
	result->sender_fault = subject == SUBJECT_ADDRESS && is_sender_address(detail);
}

/* A 5yz reply that is about this e-mail. */
static void
judge_permanent(BrimSmtpPhase phase, int subject, int detail, bool enhanced, BrimSmtpResult *result)
{
	bool mail = phase == BRIM_SMTP_PHASE_MAIL;

	result->verdict = BRIM_SMTP_FAILED;
	switch (subject)
	{
		case SUBJECT_ADDRESS:
			/* MAIL names the sender only, so there the address is ours */
			result->sender_fault = mail || is_sender_address(detail);
			result->suppress_recipient = !mail && is_no_recipient(detail);
			break;
		case SUBJECT_MAILBOX:
			if (detail == 2)
				result->verdict = BRIM_SMTP_RETRY; /* the mailbox is full */
			break;
		case SUBJECT_SYSTEM:
		case SUBJECT_NETWORK:
			break;
		case SUBJECT_POLICY:
			result->sender_fault = true;
			break;
		default:
			result->sender_fault = mail;

			/* RFC 5321, 4.5.3.1.10: a 552 to RCPT is meant as a 452 */
			if (!enhanced && phase == BRIM_SMTP_PHASE_RCPT && result->code == 552)
				result->verdict = BRIM_SMTP_RETRY;
			break;
	}
}

void
brim_smtp_verdict_judge(BrimSmtpPhase phase, BrimSmtpResult *result)
{
	int  subject;
	int  detail;
	bool enhanced = read_enhanced(result->enhanced, &subject, &detail);
	bool dot = phase == BRIM_SMTP_PHASE_DOT;

	result->suppress_recipient = false;
	result->sender_fault = false;
	result->reusable = phase != BRIM_SMTP_PHASE_BODY;
	if (is_login(result->code))
	{
		/* to the dot it is a definite no all the same, and a retry is safe */
		result->verdict = dot ? BRIM_SMTP_RETRY : BRIM_SMTP_TRANSPORT;
		result->sender_fault = true;
		result->reusable = false;
	}
	else if (is_confusion(result->code))
	{
		result->verdict = dot ? BRIM_SMTP_FAILED : BRIM_SMTP_TRANSPORT;
		result->sender_fault = subject == SUBJECT_POLICY;
		result->reusable = false;
	}
	else if (result->code < 500)
		judge_temporary(phase, subject, detail, result);
	else
		judge_permanent(phase, subject, detail, enhanced, result);

	/* who does not want the sender does not want any of its e-mails */
	if (phase == BRIM_SMTP_PHASE_MAIL && result->sender_fault)
		result->verdict = BRIM_SMTP_TRANSPORT;
}
