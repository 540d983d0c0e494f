/*-------------------------------------------------------------------------
 *
 * delivery.c
 *	  What the job and the transports do to one delivery; see deliver.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "core/mail/mail.h"
#include "pg/server/server.h"
#include "worker/deliver.h"

#define MAX_MESSAGE (1024 * 1024)

bool
brim_delivery_build(BrimDelivery *delivery, BrimError *error)
{
	const BrimEmail *email = &delivery->email;
	BrimMessage      message = {
			 .from_name = brim_str(email->sender_name),
			 .from_address = brim_str(email->sender_address),
			 .to_name = brim_str(email->recipient_name),
			 .to_address = brim_str(email->recipient),
			 .reply_to = brim_str(email->reply_to),
			 .subject = brim_str(email->subject),
			 .body = brim_str(email->body),
			 .footer = brim_str(email->footer),
			 .message_id = brim_str(email->message_id),
			 .date = email->date,
			 .unsubscribe = brim_str(*email->reply_to != '\0' ? email->reply_to : email->sender_address),
    };

	delivery->started_at = brim_clock_now();
	strlcpy(delivery->relay, *brim_smtp_url != '\0' ? brim_smtp_url : brim_outbox_directory,
			sizeof(delivery->relay));
	brim_buf_init(&delivery->message, brim_mem_malloc(), MAX_MESSAGE);
	return brim_mime_build(&message, &delivery->message, error);
}

void
brim_delivery_end(BrimDelivery *delivery, BrimSmtpVerdict verdict, BrimSmtpPhase phase,
				  const char *reply)
{
	memset(&delivery->result, 0, sizeof(delivery->result));
	delivery->result.verdict = verdict;
	delivery->result.phase = phase;
	strlcpy(delivery->result.fault.message, reply, sizeof(delivery->result.fault.message));
	delivery->was_reused = false;
}
