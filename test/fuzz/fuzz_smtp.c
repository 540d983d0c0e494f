/*-------------------------------------------------------------------------
 *
 * fuzz_smtp.c
 *	  A server that says anything at any time, a caller that does anything at
 *	  any time, and what must hold all the same.
 *
 * The input is a list of steps: one byte for what is done, then its data.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mail/smtp.h"
#include "core/base/utf8.h"

#define HOLDS(condition)                                                                           \
	do                                                                                             \
	{                                                                                              \
		if (!(condition))                                                                          \
		{                                                                                          \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
			abort();                                                                               \
		}                                                                                          \
	} while (0)

#define SENDER "ada@sender.example"
#define RECIPIENT "bob@reader.example"

static const char *const messages[] = {
	"Subject: x\r\n\r\nbody\r\n",
	"Subject: x\r\n\r\nno end",
	".",
	".\r\n",
	"\r\n.\r\n.\r\n..",
	"x\r\n.\r",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an observer of one e-mail has seen. */
typedef struct Observer
{
	bool           dotted;      /* dot() was called at BARRIER */
	char           body[70000]; /* bytes written in the phases BODY and DOT */
	size_t         body_len;
	size_t         body_at_dot;
	char           last[64]; /* first bytes received after all was written behind the dot */
	size_t         last_len;
	size_t         last_lf; /* complete lines among all of them */
	bool           decided; /* DONE has been seen */
	BrimSmtpResult result;  /* as it was then */
} Observer;

static Observer seen;

/* Return true if this is a message with its terminator, as a server sees it. */
static bool
has_end(const char *body, size_t len)
{
	for (size_t i = 0; i + 3 <= len; i++)
	{
		if (memcmp(body + i, ".\r\n", 3) == 0 &&
			(i == 0 || (i >= 2 && memcmp(body + i - 2, "\r\n", 2) == 0)))
			return true;
	}
	return false;
}

static void
check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	HOLDS(len < size);
	for (size_t i = 0; i < len;)
	{
		size_t n = brim_utf8_length(text + i, len - i);

		HOLDS(n > 0 && !brim_utf8_is_control(text + i, n));
		i += n;
	}
}

static void
check_state(BrimSmtp *smtp)
{
	const BrimSmtpResult *result = brim_smtp_result(smtp);
	BrimSmtpNeed          need = brim_smtp_need(smtp);
	BrimStr               out = brim_smtp_output(smtp);

	HOLDS(brim_smtp_past_barrier(smtp) == seen.dotted);
	HOLDS((need == BRIM_SMTP_SEND) == (out.len > 0));
	HOLDS(need == BRIM_SMTP_DONE || brim_smtp_time_limit(smtp) > 0);
	HOLDS(brim_smtp_phase_name(brim_smtp_current_phase(smtp))[0] != 'U');
	check_text(result->reply, sizeof(result->reply));
	check_text(result->enhanced, sizeof(result->enhanced));
	HOLDS(result->retry_after >= 0 && result->retry_after <= 604800);

	/* nothing of an end is out, or waits to go out, before the dot */
	if (!seen.dotted)
		HOLDS(!has_end(seen.body, seen.body_len));
	if (need == BRIM_SMTP_BARRIER)
		HOLDS(!seen.dotted && out.len == 0);
	if (need != BRIM_SMTP_DONE)
	{
		if (brim_smtp_current_phase(smtp) != BRIM_SMTP_PHASE_QUIT)
			HOLDS(result->verdict == (seen.dotted ? BRIM_SMTP_UNCERTAIN : BRIM_SMTP_TRANSPORT));
		return;
	}

	if (!seen.dotted)
		HOLDS(result->verdict != BRIM_SMTP_SENT && result->verdict != BRIM_SMTP_UNCERTAIN);
	else
	{
		bool whole = has_end(seen.body, seen.body_len) && seen.last_lf > 0;

		HOLDS(result->verdict != BRIM_SMTP_TRANSPORT);
		if (result->verdict == BRIM_SMTP_SENT)
			HOLDS(whole && seen.last[0] == '2' && result->code / 100 == 2);
		else if (result->verdict != BRIM_SMTP_UNCERTAIN)
			HOLDS(whole && (seen.last[0] == '4' || seen.last[0] == '5') &&
				  memcmp(seen.last, "421", 3) != 0 && result->code >= 400);
	}
	if (result->suppress_recipient)
		HOLDS(result->verdict == BRIM_SMTP_FAILED && !result->sender_fault &&
			  strncmp(result->enhanced, "5.1.", 4) == 0 && result->phase != BRIM_SMTP_PHASE_MAIL);
	if (result->reusable)
		HOLDS(result->code != 421 && result->code >= 200 && result->fault.message[0] == '\0');

	/* what is decided stays decided; only the connection may turn bad */
	if (seen.decided)
	{
		HOLDS(seen.result.verdict == result->verdict && seen.result.code == result->code);
		HOLDS(seen.result.reusable || !result->reusable);
	}
	seen.decided = true;
	seen.result = *result;
}

static void
write_some(BrimSmtp *smtp, size_t most)
{
	BrimStr       out = brim_smtp_output(smtp);
	BrimSmtpPhase phase = brim_smtp_current_phase(smtp);
	size_t        n = out.len < most ? out.len : most;

	if ((phase == BRIM_SMTP_PHASE_BODY || phase == BRIM_SMTP_PHASE_DOT) &&
		seen.body_len + n <= sizeof(seen.body))
	{
		memcpy(seen.body + seen.body_len, out.data, n);
		seen.body_len += n;
	}
	brim_smtp_sent(smtp, n);
}

static void
receive(BrimSmtp *smtp, const char *data, size_t len)
{
	if (brim_smtp_current_phase(smtp) == BRIM_SMTP_PHASE_DOT &&
		brim_smtp_need(smtp) == BRIM_SMTP_REPLY)
	{
		for (size_t i = 0; i < len; i++)
		{
			if (seen.last_len < sizeof(seen.last))
				seen.last[seen.last_len++] = data[i];
			seen.last_lf += data[i] == '\n';
		}
	}
	brim_smtp_received(smtp, data, len);
}

static void
begin(BrimSmtp *smtp, const char *message)
{
	BrimError error;
	bool      idle = brim_smtp_need(smtp) == BRIM_SMTP_DONE;
	bool      begun =
		brim_smtp_begin(smtp, brim_str(SENDER), brim_str(RECIPIENT), brim_str(message), &error);

	HOLDS(idle || !begun);
	if (begun)
		memset(&seen, 0, offsetof(Observer, result));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const usual[] = {
		"",           "250 ok\r\n", "250 ok\r\n",       "250 ok\r\n",
		"354 go\r\n", "",           "250 2.0.0 ok\r\n", "221 bye\r\n",
	};
	static const char *const odd[] = {
		"421 4.3.2 bye\r\n",  "451 4.7.1 greylisted, try again in 5 min\r\n",
		"550 5.1.1 none\r\n", "250-",
		"552 5.2.2 full\r\n", "550-5.7.1 a\r\n",
		"354 go\r\n",         "\n",
		"250 ok\n",
	};
	BrimSmtp *smtp = brim_smtp_create(brim_mem_malloc());
	size_t    pos = 0;

	memset(&seen, 0, sizeof(seen));
	HOLDS(smtp != NULL && brim_smtp_need(smtp) == BRIM_SMTP_DONE);
	while (pos < size)
	{
		uint8_t step = data[pos++];
		uint8_t arg = step >> 4;

		switch (step & 15)
		{
			case 0:
				begin(smtp, messages[arg % (sizeof(messages) / sizeof(messages[0]))]);
				break;
			case 1:
				write_some(smtp, arg);
				break;
			case 2:
				write_some(smtp, 65536);
				break;
			case 3:
			case 4:
				if (brim_smtp_need(smtp) == BRIM_SMTP_BARRIER)
				{
					seen.dotted = true;
					seen.body_at_dot = seen.body_len;
				}
				brim_smtp_dot(smtp);
				break;
			case 5:
				if (arg == 0)
					brim_smtp_lost(smtp, "lost");
				break;
			case 6:
				if (arg == 0)
					brim_smtp_quit(smtp);
				break;
			case 7:
				receive(smtp, odd[arg % (sizeof(odd) / sizeof(odd[0]))],
						strlen(odd[arg % (sizeof(odd) / sizeof(odd[0]))]));
				break;
			case 8:
			case 9:
			case 10:
				if (brim_smtp_need(smtp) == BRIM_SMTP_SEND)
					write_some(smtp, 65536);
				else
					receive(smtp, usual[brim_smtp_current_phase(smtp)],
							strlen(usual[brim_smtp_current_phase(smtp)]));
				break;
			case 11:
			{
				/* many bytes of one kind */
				static char run[70000];

				memset(run, pos < size ? data[pos] : 'x', sizeof(run));
				receive(smtp, run, (size_t) arg * 4600);
				break;
			}
			default:
			{
				size_t n = arg < size - pos ? arg : size - pos;

				receive(smtp, (const char *) data + pos, n);
				pos += n;
				break;
			}
		}
		check_state(smtp);
	}
	brim_smtp_lost(smtp, "end");
	check_state(smtp);
	HOLDS(!brim_smtp_result(smtp)->reusable);
	brim_smtp_destroy(smtp);
	return 0;
}
