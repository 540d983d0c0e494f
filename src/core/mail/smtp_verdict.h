/*-------------------------------------------------------------------------
 *
 * smtp_verdict.h
 *	  What a refusal of an SMTP server means for the e-mail.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_SMTP_VERDICT_H
#define BRIM_CORE_MAIL_SMTP_VERDICT_H

#include "core/mail/smtp.h"

/*
 * Judge a whole 4yz or 5yz reply (421 apart, which closes the connection) that
 * was the answer in this phase.  Fills verdict, suppress_recipient,
 * sender_fault and reusable of a result whose code and enhanced are set.
 */
extern void brim_smtp_verdict_judge(BrimSmtpPhase phase, BrimSmtpResult *result);

#endif /* BRIM_CORE_MAIL_SMTP_VERDICT_H */
