/*-------------------------------------------------------------------------
 *
 * transport_relay.c
 *	  Delivering through a mail relay: one connection a delivery, kept for
 *	  the e-mails that follow.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/server/server.h"
#include "net/net.h"
#include "worker/jobs/jobs.h"

#define QUIT_BUDGET_MS 2000

typedef struct Line
{
	BrimRelay *relay;     /* the connection */
	BrimSmtp  *smtp;      /* the dialogue on it */
	bool       has_begun; /* the e-mail is in the dialogue */
	bool       is_quitting;
	bool       is_kicked; /* drive even if the socket is silent */
	int        carried;   /* e-mails this connection has carried */

	/* The present wait */
	int64         deadline; /* by brim_process_steady(); PG_INT64_MAX without */
	BrimSmtpPhase phase;
	BrimSmtpNeed  need;
} Line;

static char *password = NULL;

static char *
reload(void)
{
	char *problem = NULL;

	if (password != NULL)
	{
		explicit_bzero(password, strlen(password));
		free(password);
		password = NULL;
	}
	if (*brim_smtp_username == '\0')
		return NULL;
	if (*brim_smtp_password_file == '\0')
		return pstrdup("brim.smtp_username is set but brim.smtp_password_file is not");
	password = brim_settings_secret(brim_smtp_password_file, &problem);
	return problem;
}

static int64
in_seconds(int seconds)
{
	return brim_process_steady() + seconds * INT64CONST(1000);
}

/* Close the connection; the line can be opened again. */
static void
hang_up(BrimDelivery *delivery)
{
	Line *line = delivery->transport;

	if (line == NULL)
		return;
	/* what of an e-mail in doubt has not left this machine yet never will */
	if (line->smtp != NULL && brim_smtp_past_barrier(line->smtp) &&
		brim_smtp_result(line->smtp)->verdict == BRIM_SMTP_UNCERTAIN)
		brim_relay_discard(line->relay);
	brim_relay_close(line->relay);
	if (line->smtp != NULL)
		brim_smtp_destroy(line->smtp);
	free(line);
	delivery->transport = NULL;
}

static void
begin(BrimDelivery *delivery)
{
	Line            *line = delivery->transport;
	BrimRelayOptions options = {0};
	BrimError        error;

	if (line != NULL && (line->is_quitting || brim_relay_state(line->relay) == BRIM_RELAY_FAILED))
	{
		hang_up(delivery);
		line = NULL;
	}
	if (line != NULL)
	{
		line->is_kicked = true;
		return;
	}
	line = calloc(1, sizeof(Line));
	if (line != NULL)
		line->smtp = brim_smtp_create(brim_mem_malloc());
	delivery->transport = line;
	if (line == NULL || line->smtp == NULL)
	{
		hang_up(delivery);
		brim_delivery_end(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_CONNECT, "out of memory");
		return;
	}
	options.url = brim_smtp_url;
	options.helo_name = brim_helo_name;
	options.username = brim_smtp_username;
	options.password = password != NULL ? password : "";
	options.ca_file = brim_ca_file;
	options.timeout = brim_smtp_timeout;
	line->deadline = PG_INT64_MAX;
	line->relay = brim_relay_open(&options, &error);
	if (line->relay == NULL)
	{
		hang_up(delivery);
		brim_delivery_end(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_CONNECT, error.message);
	}
}

/* Read what is there; false when it would block. */
static bool
receive(Line *line)
{
	char data[4096];
	long len = brim_relay_receive(line->relay, data, sizeof(data));

	if (len > 0)
		brim_smtp_received(line->smtp, data, (size_t) len);
	else if (len < 0)
		brim_smtp_lost(line->smtp, brim_relay_error(line->relay));
	return len != 0;
}

/* Write what is waiting; false when it would block. */
static bool
transmit(Line *line)
{
	BrimStr output = brim_smtp_output(line->smtp);
	long    len = output.len > 0 ? brim_relay_send(line->relay, output.data, output.len) : 0;

	if (len > 0)
		brim_smtp_sent(line->smtp, (size_t) len);
	else if (len < 0)
		brim_smtp_lost(line->smtp, brim_relay_error(line->relay));
	return len != 0;
}

/* Move the dialogue on; what it needs next. */
static BrimSmtpNeed
converse(Line *line)
{
	bool has_sent = false;

	for (;;)
	{
		BrimSmtpNeed  need = brim_smtp_need(line->smtp);
		BrimSmtpPhase phase = brim_smtp_current_phase(line->smtp);
		bool          more = false;

		if (need == BRIM_SMTP_SEND)
		{
			has_sent |= (more = transmit(line));
			if (more && brim_smtp_past_barrier(line->smtp))
				BRIM_FAULT("dot_written");
		}
		else if (need == BRIM_SMTP_REPLY)
			more = receive(line);
		else
		{
			brim_relay_watch(line->relay, true, false);
			line->deadline = PG_INT64_MAX;
			return need;
		}
		if (more)
			continue;
		/* a server that speaks early while we write is heard, too */
		if (need == BRIM_SMTP_SEND && receive(line))
			continue;
		brim_relay_watch(line->relay, true, need == BRIM_SMTP_SEND);

		/* a reply that drips in does not get more time for it */
		if (has_sent || line->deadline == PG_INT64_MAX || line->phase != phase ||
			line->need != need)
			line->deadline = in_seconds(brim_smtp_time_limit(line->smtp));
		line->phase = phase;
		line->need = need;
		return need;
	}
}

/* End the e-mail as the dialogue says, and the connection if it is no good. */
static BrimStep
conclude(BrimDelivery *delivery)
{
	Line *line = delivery->transport;

	BRIM_FAULT("answered");
	delivery->result = *brim_smtp_result(line->smtp);
	delivery->was_reused = line->carried++ > 0;
	line->has_begun = false;
	if (!delivery->result.reusable)
		hang_up(delivery);
	return BRIM_STEP_DONE;
}

static BrimStep
drive(BrimDelivery *delivery)
{
	Line        *line = delivery->transport;
	BrimError    error;
	BrimSmtpNeed need;
	bool         late;

	if (line == NULL)
		return BRIM_STEP_DONE; /* begin() has ended it */
	late = line->deadline != PG_INT64_MAX && brim_process_steady_until(line->deadline) == 0;
	if (!brim_relay_take_ready(line->relay) && !late && !line->is_kicked)
		return BRIM_STEP_WAIT;
	line->is_kicked = true; /* should an error end this turn there is another */
	switch (brim_relay_state(line->relay))
	{
		case BRIM_RELAY_CONNECTING:
			line->is_kicked = false;
			return BRIM_STEP_WAIT;
		case BRIM_RELAY_FAILED:
			if (!line->has_begun)
			{
				brim_delivery_end(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_CONNECT,
								  brim_relay_error(line->relay));
				hang_up(delivery);
				return BRIM_STEP_DONE;
			}
			break;
		case BRIM_RELAY_OPEN:
			break;
	}
	if (!line->has_begun)
	{
		BRIM_FAULT("connected");
		if (line->carried > 0)
			(void) receive(line); /* what came in between spoils the connection */
		if (!brim_smtp_begin(line->smtp, brim_str(delivery->email.sender_address),
							 brim_str(delivery->email.recipient), brim_buf_str(&delivery->message),
							 &error))
		{
			brim_delivery_end(delivery, BRIM_SMTP_FAILED, BRIM_SMTP_PHASE_MAIL, error.message);
			hang_up(delivery);
			return BRIM_STEP_DONE;
		}
		line->has_begun = true;
	}
	need = converse(line);
	/* what has come counts, however late; what comes now does not */
	if (late && (need == BRIM_SMTP_SEND || need == BRIM_SMTP_REPLY) &&
		brim_process_steady_until(line->deadline) == 0)
	{
		brim_smtp_lost(line->smtp, "the mail relay did not answer in time");
		need = converse(line);
	}
	switch (need)
	{
		case BRIM_SMTP_BARRIER:
			BRIM_FAULT("at_barrier");
			line->is_kicked = false;
			return BRIM_STEP_BARRIER;
		case BRIM_SMTP_DONE:
			return conclude(delivery);
		default:
			line->is_kicked = false;
			return BRIM_STEP_WAIT;
	}
}

static void
commit(BrimDelivery *delivery)
{
	Line *line = delivery->transport;

	line->is_kicked = true;
	/* what the relay said while the barrier was committed still counts as before the dot */
	(void) receive(line);
	BRIM_FAULT("dot");
	if (brim_smtp_need(line->smtp) == BRIM_SMTP_BARRIER)
	{
		brim_smtp_dot(line->smtp);
		if (transmit(line))
			BRIM_FAULT("dot_written");
	}
}

/* Say QUIT, wait a little for the answer, close. */
static void
rest(BrimDelivery *delivery)
{
	Line *line = delivery->transport;

	if (line == NULL)
		return;
	if (!line->is_quitting)
	{
		if (brim_relay_state(line->relay) != BRIM_RELAY_OPEN)
		{
			hang_up(delivery);
			return;
		}
		line->is_quitting = true;
		brim_smtp_quit(line->smtp);
		(void) converse(line);
		line->deadline = brim_process_steady() + QUIT_BUDGET_MS;
	}
	else if (brim_relay_take_ready(line->relay))
	{
		int64 deadline = line->deadline;

		(void) converse(line);
		line->deadline = deadline;
	}
	if (brim_smtp_need(line->smtp) == BRIM_SMTP_DONE ||
		brim_process_steady_until(line->deadline) == 0)
		hang_up(delivery);
}

static int64
deadline(const BrimDelivery *delivery)
{
	const Line *line = delivery->transport;

	return line != NULL ? line->deadline : PG_INT64_MAX;
}

const BrimTransport brim_transport_relay = {
	.max = BRIM_PIPELINE_MAX_SLOTS,
	.reload = reload,
	.begin = begin,
	.drive = drive,
	.commit = commit,
	.abandon = hang_up,
	.rest = rest,
	.deadline = deadline,
};
