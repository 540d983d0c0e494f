/*-------------------------------------------------------------------------
 *
 * smtp.h
 *	  The client side of one SMTP connection after login, as a state machine
 *	  that touches no socket.
 *
 * The caller connects, does EHLO, STARTTLS and AUTH, then for each e-mail calls
 * brim_smtp_begin() and does what brim_smtp_need() says until it says DONE:
 *
 *	SEND	 write brim_smtp_output() to the connection, tell how much went out
 *			 with brim_smtp_sent()
 *	REPLY	 read from the connection, hand the bytes to brim_smtp_received()
 *	BARRIER	 everything but the final dot is with the server.  Commit the
 *			 barrier and hand over what can be read by then (the server may
 *			 have refused); if need is still BARRIER call brim_smtp_dot(), or
 *			 else close the connection
 *	DONE	 brim_smtp_result() has the verdict
 *
 * When the connection is lost, too slow or says something that is no reply,
 * brim_smtp_lost() (or received() itself) ends the e-mail: before the dot that
 * is the connection's fault, after it the outcome is uncertain.  "After the dot"
 * begins with brim_smtp_dot(), before a byte of it is written: from there on
 * the verdict is SENT, FAILED, RETRY or UNCERTAIN, never TRANSPORT.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_SMTP_H
#define BRIM_CORE_MAIL_SMTP_H

#include "core/base/base.h"
#include "core/mail/smtp_phase.h"

typedef enum BrimSmtpNeed
{
	BRIM_SMTP_SEND,
	BRIM_SMTP_REPLY,
	BRIM_SMTP_BARRIER,
	BRIM_SMTP_DONE
} BrimSmtpNeed;

typedef enum BrimSmtpVerdict
{
	BRIM_SMTP_SENT,      /* 2yz to the dot */
	BRIM_SMTP_FAILED,    /* definite and permanent: this e-mail is over */
	BRIM_SMTP_RETRY,     /* definite and temporary: charged to the e-mail */
	BRIM_SMTP_TRANSPORT, /* before the dot: connection, relay or login, not the e-mail */
	BRIM_SMTP_UNCERTAIN  /* after the dot, no complete decisive reply */
} BrimSmtpVerdict;

typedef struct BrimSmtpResult
{
	BrimSmtpVerdict verdict;
	BrimSmtpPhase   phase;        /* where it was decided */
	int             code;         /* SMTP reply code, 0 without one */
	char            enhanced[16]; /* RFC 3463 code such as "5.1.1", or empty */
	char      reply[512]; /* last reply or what was read of it: printable, lines joined by " / " */
	bool      reusable;   /* may the connection carry another e-mail? */
	bool      suppress_recipient; /* the recipient's address does not exist */
	bool      sender_fault;       /* policy, sender or login: about us, not the recipient */
	int       retry_after;        /* seconds the server asked for, 0 without a hint */
	BrimError fault;              /* what ended the dialogue where no reply decided; else empty */
} BrimSmtpResult;

typedef struct BrimSmtp BrimSmtp;

extern BrimSmtp *brim_smtp_create(BrimMem *mem); /* NULL: memory short */
extern void      brim_smtp_destroy(BrimSmtp *smtp);

/*
 * Start an e-mail.  message must stay readable until DONE; it is dot-stuffed
 * on the way out.  False with *error set for an address that must not appear in
 * an envelope, a message that is not ASCII in CRLF lines of at most 998 bytes,
 * or when another e-mail is under way on this connection.  On a connection that
 * is not reusable it is DONE at once with verdict TRANSPORT.
 */
extern bool brim_smtp_begin(BrimSmtp *smtp, BrimStr sender, BrimStr recipient, BrimStr message,
							BrimError *error);
extern BrimSmtpNeed brim_smtp_need(const BrimSmtp *smtp);
extern BrimStr      brim_smtp_output(BrimSmtp *smtp); /* valid until the next call */
extern void         brim_smtp_sent(BrimSmtp *smtp, size_t len);
extern void         brim_smtp_received(BrimSmtp *smtp, const char *data, size_t len);
extern void         brim_smtp_dot(BrimSmtp *smtp); /* does nothing unless need is BARRIER */
extern void         brim_smtp_lost(BrimSmtp *smtp, const char *reason);

/* Before DONE: what would be the result if all ended here and now. */
extern const BrimSmtpResult *brim_smtp_result(const BrimSmtp *smtp);
extern BrimSmtpPhase         brim_smtp_current_phase(const BrimSmtp *smtp);

/* Return true if brim_smtp_dot() released the terminator, even if no byte of it is written. */
extern bool brim_smtp_past_barrier(const BrimSmtp *smtp);

/*
 * Ask for QUIT instead of another e-mail; need goes SEND, REPLY, DONE.  The last
 * result stays readable.  On a connection that is not reusable it does nothing.
 */
extern void brim_smtp_quit(BrimSmtp *smtp);

/* How long the present wait may last in seconds (RFC 5321, 4.5.3.2). */
extern int brim_smtp_time_limit(const BrimSmtp *smtp);

#endif /* BRIM_CORE_MAIL_SMTP_H */
