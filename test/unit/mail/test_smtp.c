/*-------------------------------------------------------------------------
 *
 * test_smtp.c
 *	  The SMTP dialogue: what goes out when, who decides, and when a
 *	  connection may be used again.
 *
 *-------------------------------------------------------------------------
 */
#include "mail/smtp_talk.h"

static void
test_dialogue(void)
{
	static const char expected[] = "MAIL FROM:<" SENDER ">\r\nRCPT TO:<" RECIPIENT ">\r\nDATA\r\n"
								   "Subject: x\r\n\r\n..hidden\r\n...\r\nbody\r\n.\r\n";
	Talk             *talk = malloc(sizeof(*talk));
	int               bad = 0;

	for (size_t size = 1; size < 100; size++)
	{
		const BrimSmtpResult *result;

		talk_start(talk);
		talk->read_size = talk->write_size = size;
		talk_begin(talk, MESSAGE);
		result = talk_run(talk);
		talk->wire[talk->wire_len] = '\0';
		if (result->verdict != BRIM_SMTP_SENT || result->code != 250 || !result->reusable ||
			strcmp(result->enhanced, "2.0.0") != 0 ||
			strcmp(result->reply, "250 2.0.0 queued") != 0 ||
			result->phase != BRIM_SMTP_PHASE_DOT || strcmp(talk->wire, expected) != 0 ||
			talk->dot_at != sizeof(expected) - 1 - 3 || !brim_smtp_past_barrier(talk->smtp))
			bad++;

		/* a second one on the same connection, and goodbye */
		talk_begin(talk, MESSAGE);
		if (brim_smtp_past_barrier(talk->smtp) || talk_run(talk)->verdict != BRIM_SMTP_SENT ||
			strcmp(talk->wire, expected) != 0)
			bad++;
		talk->wire_len = 0;
		brim_smtp_quit(talk->smtp);
		result = talk_run(talk);
		if (talk->wire_len != 6 || memcmp(talk->wire, "QUIT\r\n", 6) != 0 ||
			result->verdict != BRIM_SMTP_SENT || result->reusable)
			bad++;
		talk_end(talk);
	}
	unit_is_int(bad, 0,
				"two e-mails and QUIT are the same, read and written in pieces of 1..99 bytes");
	free(talk);
}

/* Early replies: each byte position of the dialogue x what the server says there. */
static void
test_early(void)
{
	static const char *const says[] = {
		"250 ok\r\n",       "354 go\r\n",  "421 bye\r\n", "451 no\r\n",
		"550 5.1.1 no\r\n", "garbage\r\n", "550 5.1",     "4",
	};
	Talk *talk = malloc(sizeof(*talk));
	int   wrong = 0;
	int   cases = 0;

	for (size_t s = 0; s < sizeof(says) / sizeof(says[0]); s++)
	{
		for (size_t at = 0; at < 140; at++)
		{
			BrimSmtpPhase  phase;
			BrimSmtpResult got;
			bool           sending = true;
			bool           good;

			talk_start(talk);
			talk->write_size = 1;
			talk_begin(talk, MESSAGE);
			while (talk->wire_len < at && brim_smtp_need(talk->smtp) != BRIM_SMTP_DONE)
			{
				BrimSmtpNeed need = brim_smtp_need(talk->smtp);

				if (need == BRIM_SMTP_SEND)
					write_some(talk);
				else if (need == BRIM_SMTP_BARRIER)
					brim_smtp_dot(talk->smtp);
				else
					feed(talk, usual[brim_smtp_current_phase(talk->smtp)],
						 strlen(usual[brim_smtp_current_phase(talk->smtp)]));
			}
			phase = brim_smtp_current_phase(talk->smtp);
			sending = brim_smtp_need(talk->smtp) != BRIM_SMTP_REPLY;
			if (brim_smtp_need(talk->smtp) == BRIM_SMTP_DONE || !sending)
			{
				talk_end(talk);
				continue;
			}
			cases++;
			feed(talk, says[s], strlen(says[s]));
			talk->answers[BODY] = "";
			talk->write_size = 65536;
			got = *talk_run(talk);
			good = !got.reusable;
			if (phase == BRIM_SMTP_PHASE_DOT)
				good = good && got.verdict == BRIM_SMTP_UNCERTAIN;
			else if (phase == BODY && s == 3)
				good = good && got.verdict == BRIM_SMTP_RETRY && got.phase == BODY;
			else if (phase == BODY && s == 4)
				good = good && got.verdict == BRIM_SMTP_FAILED && got.suppress_recipient;
			else
				good = good && got.verdict == BRIM_SMTP_TRANSPORT;
			if (!good && wrong++ < 5)
				printf("# byte %zu (%s), server says %s: verdict %d\n", at,
					   brim_smtp_phase_name(phase), says[s], got.verdict);
			talk_end(talk);
		}
	}
	unit_ok(cases > 700, "%d early replies tried", cases);
	unit_is_int(wrong, 0, "an early reply never makes a mail sent, nor a connection reusable");
	free(talk);
}

/* The four ways to reach BARRIER and leave it. */
static void
test_barrier(void)
{
	Talk          *talk = malloc(sizeof(*talk));
	BrimSmtpResult got;

	talk_start(talk);
	brim_smtp_dot(talk->smtp);
	unit_ok(brim_smtp_need(talk->smtp) == BRIM_SMTP_DONE && !brim_smtp_past_barrier(talk->smtp),
			"no dot without an e-mail");
	talk->stop = BODY;
	talk_begin(talk, MESSAGE);
	brim_smtp_dot(talk->smtp);
	unit_ok(brim_smtp_current_phase(talk->smtp) == MAIL && !brim_smtp_past_barrier(talk->smtp),
			"no dot in MAIL");
	talk_run(talk);
	unit_is_int(brim_smtp_need(talk->smtp), BRIM_SMTP_BARRIER, "after the body comes the barrier");
	unit_is_int(brim_smtp_output(talk->smtp).len, 0, "where nothing is to be written");
	unit_is_int(brim_smtp_result(talk->smtp)->verdict, BRIM_SMTP_TRANSPORT,
				"if all ended here it was not sent");
	brim_smtp_sent(talk->smtp, 5);
	unit_is_int(brim_smtp_need(talk->smtp), BRIM_SMTP_BARRIER, "and only the dot leads on");
	brim_smtp_lost(talk->smtp, NULL);
	check("lost at the barrier", *brim_smtp_result(talk->smtp), BRIM_SMTP_TRANSPORT, "");
	brim_smtp_dot(talk->smtp);
	unit_ok(brim_smtp_need(talk->smtp) == BRIM_SMTP_DONE && brim_smtp_output(talk->smtp).len == 0,
			"no dot after the connection is lost");
	unit_ok(talk_begin(talk, MESSAGE) && brim_smtp_need(talk->smtp) == BRIM_SMTP_DONE,
			"an e-mail on a lost connection is over at once");
	check("and not at fault", *brim_smtp_result(talk->smtp), BRIM_SMTP_TRANSPORT, "");
	talk_end(talk);

	talk_start(talk);
	talk->stop = BODY;
	talk_begin(talk, MESSAGE);
	talk_run(talk);
	feed(talk, "552 5.3.4 too b", 15);
	unit_is_int(brim_smtp_need(talk->smtp), BRIM_SMTP_REPLY,
				"no barrier while the server is speaking");
	brim_smtp_dot(talk->smtp);
	unit_ok(!brim_smtp_past_barrier(talk->smtp), "nor a dot");
	feed(talk, "ig\r\n", 4);
	check("refused at the barrier", *brim_smtp_result(talk->smtp), BRIM_SMTP_FAILED, "");
	talk_end(talk);

	talk_start(talk);
	talk->stop = BODY;
	talk_begin(talk, MESSAGE);
	talk_run(talk);
	brim_smtp_dot(talk->smtp);
	unit_is_int(brim_smtp_result(talk->smtp)->verdict, BRIM_SMTP_UNCERTAIN,
				"behind the barrier all is uncertain");
	brim_smtp_lost(talk->smtp, "timeout after 600 s");
	got = *brim_smtp_result(talk->smtp);
	check("lost before a byte of the dot was written", got, BRIM_SMTP_UNCERTAIN, "");
	unit_is_text(got.fault.message, "timeout after 600 s", "with the caller's reason");
	brim_smtp_received(talk->smtp, "250 ok\r\n", 8);
	unit_is_int(brim_smtp_result(talk->smtp)->verdict, BRIM_SMTP_UNCERTAIN,
				"and stays so whatever comes later");
	talk_end(talk);
	free(talk);
}

static void
test_reuse(void)
{
	static const BrimSmtpPhase phases[] = {MAIL, RCPT, DATA};
	Talk                      *talk = malloc(sizeof(*talk));

	for (size_t i = 0; i < 3; i++)
	{
		talk_start(talk);
		talk->answers[phases[i]] = "451 later\r\n";
		talk_begin(talk, MESSAGE);
		talk_run(talk);
		talk->answers[phases[i]] = NULL;
		talk_begin(talk, MESSAGE);
		unit_is_int(brim_smtp_time_limit(talk->smtp), 30, "30 s for RSET");
		check("the next e-mail", *talk_run(talk), BRIM_SMTP_SENT, "r");
		unit_ok(strncmp(talk->wire, "RSET\r\nMAIL FROM:", 16) == 0,
				"begins with RSET after a refused %s", brim_smtp_phase_name(phases[i]));
		talk_begin(talk, MESSAGE);
		unit_ok(talk_run(talk)->verdict == BRIM_SMTP_SENT &&
					strncmp(talk->wire, "MAIL FROM:", 10) == 0,
				"the one after it needs none");
		talk->answers[DOT] = "451 later\r\n";
		talk_begin(talk, MESSAGE);
		talk_run(talk);
		talk_begin(talk, MESSAGE);
		unit_is_int(brim_smtp_current_phase(talk->smtp), MAIL, "nor does one after a refused dot");
		talk_run(talk);
		talk_end(talk);
	}
	talk_start(talk);
	talk->answers[RCPT] = "550 5.1.1 no\r\n";
	talk->answers[BRIM_SMTP_PHASE_RESET] = "550 5.1.1 no\r\n";
	talk_begin(talk, MESSAGE);
	talk_run(talk);
	talk_begin(talk, MESSAGE);
	check("a refused RSET is the connection's fault", *talk_run(talk), BRIM_SMTP_TRANSPORT, "");
	talk_end(talk);

	talk_start(talk);
	talk_begin(talk, MESSAGE);
	talk_run(talk);
	feed(talk, "421 idle\r\n", 10);
	unit_ok(!brim_smtp_result(talk->smtp)->reusable &&
				brim_smtp_result(talk->smtp)->verdict == BRIM_SMTP_SENT,
			"a word between two e-mails spoils the connection, not the first e-mail");
	talk->wire_len = 0;
	brim_smtp_quit(talk->smtp);
	unit_is_int(brim_smtp_need(talk->smtp), BRIM_SMTP_DONE, "no QUIT on a spoilt connection");
	talk_end(talk);
	free(talk);
}

static void
test_timeouts(void)
{
	static const BrimSmtpPhase phases[] = {MAIL, RCPT, DATA, BODY, DOT};
	static const int           seconds[] = {300, 300, 120, 180, 600};
	Talk                      *talk = malloc(sizeof(*talk));

	for (size_t i = 0; i < 5; i++)
	{
		talk_start(talk);
		unit_is_int(brim_smtp_time_limit(talk->smtp), 0, "nothing to wait for");
		talk->stop = phases[i];
		talk_begin(talk, MESSAGE);
		talk_run(talk);
		unit_is_int(brim_smtp_time_limit(talk->smtp), seconds[i],
					"%s may take %d s (RFC 5321, 4.5.3.2)", brim_smtp_phase_name(phases[i]),
					seconds[i]);
		talk_end(talk);
	}
	talk_start(talk);
	brim_smtp_quit(talk->smtp);
	unit_is_int(brim_smtp_time_limit(talk->smtp), 2, "QUIT may take 2 s");
	brim_smtp_lost(talk->smtp, "");
	unit_is_int(brim_smtp_need(talk->smtp), BRIM_SMTP_DONE, "and may be left unanswered");
	talk_end(talk);
	free(talk);
}

int
main(void)
{
	test_dialogue();
	test_early();
	test_barrier();
	test_reuse();
	test_timeouts();
	unit_is_text(brim_smtp_phase_name(DOT), "DOT", "phases have names");
	unit_is_text(brim_smtp_phase_name((BrimSmtpPhase) 99), "UNKNOWN", "whatever they are");
	return unit_done();
}
