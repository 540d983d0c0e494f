/*-------------------------------------------------------------------------
 *
 * smtp_phase.h
 *	  The phases of an SMTP dialogue, their names and time limits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_SMTP_PHASE_H
#define BRIM_CORE_MAIL_SMTP_PHASE_H

/* Where in the dialogue an e-mail is, or ended.  CONNECT is the caller's part. */
typedef enum BrimSmtpPhase
{
	BRIM_SMTP_PHASE_CONNECT,
	BRIM_SMTP_PHASE_RESET,
	BRIM_SMTP_PHASE_MAIL,
	BRIM_SMTP_PHASE_RCPT,
	BRIM_SMTP_PHASE_DATA,
	BRIM_SMTP_PHASE_BODY,
	BRIM_SMTP_PHASE_DOT,
	BRIM_SMTP_PHASE_QUIT
} BrimSmtpPhase;

extern const char *brim_smtp_phase_name(BrimSmtpPhase phase); /* "MAIL", "DOT", ... */

/* How long a server may take in a phase, in seconds; 0 for CONNECT, which is the caller's. */
extern int brim_smtp_phase_timeout(BrimSmtpPhase phase);

#endif /* BRIM_CORE_MAIL_SMTP_PHASE_H */
