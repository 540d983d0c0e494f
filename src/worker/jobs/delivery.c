/*-------------------------------------------------------------------------
 *
 * delivery.c
 *	  What the job and the transports do to one delivery; see delivery.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "core/base/base.h"
#include "core/mail/mail.h"
#include "pg/server/server.h"
#include "worker/jobs/delivery.h"
#include "worker/pipeline.h"

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

const char *
brim_delivery_reply(const BrimDelivery *delivery)
{
	return delivery->result.reply[0] != '\0' ? delivery->result.reply
											 : delivery->result.fault.message;
}

void
brim_delivery_result(const BrimDelivery *delivery, BrimEmailResult *row)
{
	static const char *const outcomes[] = {"sent", "failed", "retry", "transport", "uncertain"};
	const BrimSmtpResult    *result = &delivery->result;
	int                      delay;

	memset(row, 0, sizeof(*row));
	row->email_id = delivery->email.email_id;
	row->attempt_no = delivery->email.claim_no;
	row->phase = brim_smtp_phase_name(result->phase);
	row->outcome = outcomes[result->verdict];
	row->smtp_code = result->code;
	row->enhanced_code = result->enhanced;
	row->reply = brim_delivery_reply(delivery);
	row->relay = delivery->relay;
	row->started_at = delivery->started_at;
	row->ended_at = brim_clock_now();
	switch (result->verdict)
	{
		case BRIM_SMTP_SENT:
			row->status = "sent";
			break;
		case BRIM_SMTP_FAILED:
			row->status = "failed";
			row->charged = true;
			row->suppress = result->suppress_recipient;
			break;
		case BRIM_SMTP_RETRY:
			delay = brim_retry_email(delivery->email.attempts + 1, brim_process_random(),
									 result->retry_after);
			row->status = delay < 0 ? "failed" : "queued";
			row->delay = Max(delay, 0);
			row->charged = true;
			break;
		case BRIM_SMTP_TRANSPORT:
			row->status = "queued";
			break;
		case BRIM_SMTP_UNCERTAIN:
			row->status = "uncertain";
			break;
	}
}
