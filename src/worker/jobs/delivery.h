/*-------------------------------------------------------------------------
 *
 * delivery.h
 *	  What the sending job and its two transports share.
 *
 * A delivery is one e-mail on its way.  A transport takes it as far as it goes
 * without blocking: up to the barrier, and after the barrier's commit to the
 * end: transport_relay speaks SMTP, transport_outbox writes files into a Maildir.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_JOBS_DELIVERY_H
#define BRIM_WORKER_JOBS_DELIVERY_H

#include "core/base/base.h"
#include "core/mail/mail.h"
#include "datatype/timestamp.h"
#include "pg/queue/queue.h"

typedef enum BrimStep
{
	BRIM_STEP_WAIT,    /* for the network */
	BRIM_STEP_BARRIER, /* everything but the last word is said */
	BRIM_STEP_DONE     /* result is filled in */
} BrimStep;

typedef struct BrimDelivery
{
	/* Contents */
	BrimEmail email;
	BrimBuf   message; /* the message as it goes over the wire, malloc'd */

	/* Progress */
	TimestampTz    started_at;
	char           relay[MAXPGPATH]; /* or outbox, that it goes to */
	BrimSmtpResult result;           /* when DONE */
	bool           was_reused;       /* the connection had carried e-mails before */

	/* Transport's own; lives longer than one e-mail */
	void *transport;
} BrimDelivery;

typedef struct BrimTransport
{
	int max; /* deliveries at once, if no setting says less */

	/* Take up changed settings; NULL, or what is wrong with them. */
	char *(*reload)(void);

	/* An e-mail was put into the delivery: begin. */
	void (*begin)(BrimDelivery *delivery);

	/* Go as far as possible without blocking. */
	BrimStep (*drive)(BrimDelivery *delivery);

	/* The barrier is durable: say the last word, then drive again. */
	void (*commit)(BrimDelivery *delivery);

	/* Drop the e-mail, before or after the barrier, without a last word. */
	void (*abandon)(BrimDelivery *delivery);

	/* No e-mail is there and none is expected: close what is open. */
	void (*rest)(BrimDelivery *delivery);

	/* When the transport wants to be driven even if nothing happens, by brim_process_steady(). */
	int64 (*deadline)(const BrimDelivery *delivery);
} BrimTransport;

/* Build the message of a delivery, which begins with that; false with *error. */
extern bool brim_delivery_build(BrimDelivery *delivery, BrimError *error);

/* End a delivery in a way that no server decided. */
extern void brim_delivery_end(BrimDelivery *delivery, BrimSmtpVerdict verdict, BrimSmtpPhase phase,
							  const char *reply);

/* The server's words, or ours where it said nothing. */
extern const char *brim_delivery_reply(const BrimDelivery *delivery);

/* What is recorded of a delivery that has ended. */
extern void brim_delivery_result(const BrimDelivery *delivery, BrimEmailResult *row);

#endif /* BRIM_WORKER_JOBS_DELIVERY_H */
