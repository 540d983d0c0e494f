/*-------------------------------------------------------------------------
 *
 * test_smtp_reply.c
 *	  Replies: whole or not, what they mean for the e-mail, when to come back.
 *
 *-------------------------------------------------------------------------
 */
#include "mail/smtp_talk.h"

#include "core/mail/smtp_hint.h"
#include "core/mail/smtp_reply.h"

static void
test_classes(void)
{
	static const struct
	{
		BrimSmtpPhase   phase;
		const char     *reply;
		BrimSmtpVerdict verdict;
		const char     *flags;
	} cases[] = {
		/* addresses that do not exist */
		{RCPT, "550 5.1.1 no such user\r\n", BRIM_SMTP_FAILED, "rp"},
		{RCPT, "550 5.1.2 no such domain\r\n", BRIM_SMTP_FAILED, "rp"},
		{RCPT, "501 5.1.3 bad syntax\r\n", BRIM_SMTP_FAILED, "rp"},
		{RCPT, "550-5.1.6 has moved\r\n550 5.1.6 for good\r\n", BRIM_SMTP_FAILED, "rp"},
		{RCPT, "556 5.1.10 null MX\r\n", BRIM_SMTP_FAILED, "rp"},
		{DOT, "550 5.1.1 no such user\r\n", BRIM_SMTP_FAILED, "rp"},
		{MAIL, "550 5.1.1 who are you\r\n", BRIM_SMTP_TRANSPORT, "rf"},
		{RCPT, "450 4.1.1 cannot say yet\r\n", BRIM_SMTP_RETRY, "r"},
		{RCPT, "550 5.1.0 some address\r\n", BRIM_SMTP_FAILED, "r"},
		/* bare codes: may be policy */
		{RCPT, "550 no\r\n", BRIM_SMTP_FAILED, "r"},
		{RCPT, "551 not here\r\n", BRIM_SMTP_FAILED, "r"},
		{RCPT, "553 name not allowed\r\n", BRIM_SMTP_FAILED, "r"},
		{RCPT, "550\r\n", BRIM_SMTP_FAILED, "r"},
		{RCPT, "550 4.1.1 classes differ\r\n", BRIM_SMTP_FAILED, "r"},
		{RCPT, "550 5.1.1.1 no code\r\n", BRIM_SMTP_FAILED, "r"},
		{RCPT, "550 5.1.1000 no code\r\n", BRIM_SMTP_FAILED, "r"},
		{RCPT, "550 user 5.1.1 unknown\r\n", BRIM_SMTP_FAILED, "r"},
		{DATA, "554 5.5.1 no valid recipients\r\n", BRIM_SMTP_FAILED, "r"},
		{DOT, "554 transaction failed\r\n", BRIM_SMTP_FAILED, "r"},
		/* sender and policy */
		{MAIL, "550 5.1.8 bad sender domain\r\n", BRIM_SMTP_TRANSPORT, "rf"},
		{RCPT, "553 5.1.7 bad sender\r\n", BRIM_SMTP_FAILED, "rf"},
		{RCPT, "550 5.7.1 blocked\r\n", BRIM_SMTP_FAILED, "rf"},
		{DOT, "550 5.7.26 no DKIM\r\n", BRIM_SMTP_FAILED, "rf"},
		{MAIL, "550 not you\r\n", BRIM_SMTP_TRANSPORT, "rf"},
		{MAIL, "552 5.3.4 too big\r\n", BRIM_SMTP_FAILED, "r"},
		{MAIL, "450 4.1.8 no such domain yet\r\n", BRIM_SMTP_TRANSPORT, "rf"},
		{RCPT, "450 4.7.1 Greylisted, try again in 5 minutes\r\n", BRIM_SMTP_RETRY, "rt"},
		/* login */
		{MAIL, "530 5.7.0 authentication required\r\n", BRIM_SMTP_TRANSPORT, "f"},
		{MAIL, "535 5.7.8 wrong password\r\n", BRIM_SMTP_TRANSPORT, "f"},
		{RCPT, "534 5.7.9 too weak\r\n", BRIM_SMTP_TRANSPORT, "f"},
		{DATA, "538 encryption required\r\n", BRIM_SMTP_TRANSPORT, "f"},
		{DOT, "530 5.7.0 authentication required\r\n", BRIM_SMTP_RETRY, "f"},
		/* full mailboxes */
		{RCPT, "452 4.2.2 full\r\n", BRIM_SMTP_RETRY, "r"},
		{RCPT, "552 5.2.2 full\r\n", BRIM_SMTP_RETRY, "r"},
		{DOT, "552 5.2.2 full\r\n", BRIM_SMTP_RETRY, "r"},
		{RCPT, "552 full\r\n", BRIM_SMTP_RETRY, "r"},
		{RCPT, "552 5.3.4 too big\r\n", BRIM_SMTP_FAILED, "r"},
		{RCPT, "550 5.2.1 disabled\r\n", BRIM_SMTP_FAILED, "r"},
		{DOT, "552 too much data\r\n", BRIM_SMTP_FAILED, "r"},
		/* the relay's own trouble */
		{MAIL, "452 4.3.1 disk full\r\n", BRIM_SMTP_TRANSPORT, "r"},
		{RCPT, "451 4.4.1 next hop silent, retry in 5 min\r\n", BRIM_SMTP_TRANSPORT, "rt"},
		{DATA, "451 4.3.0 hiccup\r\n", BRIM_SMTP_TRANSPORT, "r"},
		{DOT, "451 4.3.0 hiccup\r\n", BRIM_SMTP_RETRY, "r"},
		{DOT, "451 4.4.2 timeout\r\n", BRIM_SMTP_RETRY, "r"},
		{RCPT, "451 later\r\n", BRIM_SMTP_RETRY, "r"},
		{MAIL, "451 later\r\n", BRIM_SMTP_RETRY, "r"},
		/* out of step */
		{MAIL, "503 bad sequence\r\n", BRIM_SMTP_TRANSPORT, ""},
		{RCPT, "500 what?\r\n", BRIM_SMTP_TRANSPORT, ""},
		{DATA, "502 5.5.1 what?\r\n", BRIM_SMTP_TRANSPORT, ""},
		{DATA, "250 ok\r\n", BRIM_SMTP_TRANSPORT, ""},
		{DATA, "334 go\r\n", BRIM_SMTP_TRANSPORT, ""},
		{MAIL, "354 go\r\n", BRIM_SMTP_TRANSPORT, ""},
		{RCPT, "354 go\r\n", BRIM_SMTP_TRANSPORT, ""},
		{DOT, "354 go\r\n", BRIM_SMTP_UNCERTAIN, ""},
		{DOT, "503 bad sequence\r\n", BRIM_SMTP_FAILED, ""},
		/* what is good */
		{RCPT, "251 will forward\r\n", BRIM_SMTP_SENT, "r"},
		{RCPT, "252 cannot verify\r\n", BRIM_SMTP_SENT, "r"},
		{DOT, "250\r\n", BRIM_SMTP_SENT, "r"},
		{DOT, "250-one\r\n250-two\r\n250 three\r\n", BRIM_SMTP_SENT, "r"},
		{DOT, "250 bare LF\n", BRIM_SMTP_SENT, "r"},
		{DOT, "250 ok\r\n250 and more\r\n", BRIM_SMTP_SENT, ""},
		{RCPT, "550 5.1.1 no\r\n250 more\r\n", BRIM_SMTP_FAILED, "p"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char what[200];

		snprintf(what, sizeof(what), "%s answered %.*s", brim_smtp_phase_name(cases[i].phase),
				 (int) strcspn(cases[i].reply, "\r\n"), cases[i].reply);
		check(what, answer(cases[i].phase, cases[i].reply), cases[i].verdict, cases[i].flags);
	}
}

/* Every phase x what may happen to the connection there. */
static void
test_faults(void)
{
	static const BrimSmtpPhase phases[] = {MAIL, RCPT, DATA, DOT};
	static char                long_line[1200];
	static char                many_lines[70000];
	static char                dribble[70000];
	const struct
	{
		const char *what;
		const char *reply;
		int         code;
	} faults[] = {
		{"is lost", "", 0},
		{"is lost in a reply", "250 o", 0},
		{"is lost in a reply of lines", "250-one\r\n250-two\r\n", 0},
		{"is lost before the LF", "250 ok\r", 0},
		{"says 421", "421 4.3.2 going down\r\n", 421},
		{"says 421 in lines", "421-4.3.2 going\r\n421 4.3.2 down\r\n", 421},
		{"speaks HTTP", "HTTP/1.1 400 Bad Request\r\n", 0},
		{"says nonsense", "hello\r\n", 0},
		{"says an empty line", "\r\n250 ok\r\n", 0},
		{"says a code of two digits", "25 ok\r\n", 0},
		{"says a code out of range", "650 ok\r\n", 0},
		{"says a preliminary code", "150 ok\r\n", 0},
		{"glues the text to the code", "250ok\r\n", 0},
		{"mixes codes", "250-ok\r\n550 no\r\n", 0},
		{"has a lone CR", "250 o\rk\r\n", 0},
		{"says a line too long", long_line, 0},
		{"says too many lines", many_lines, 0},
		{"says too many bytes", dribble, 0},
		{"begins with a space", " 250 ok\r\n", 0},
	};

	memset(long_line, 'x', sizeof(long_line) - 3);
	memcpy(long_line, "250 ", 4);
	strcpy(long_line + sizeof(long_line) - 3, "\r\n");
	for (int i = 0; i < 10001; i++)
		memcpy(many_lines + (size_t) i * 6, "250-\r\n", 7);
	for (int i = 0; i < 70; i++)
	{
		memset(dribble + (size_t) i * 950, 'y', 950);
		memcpy(dribble + (size_t) i * 950, "250-", 4);
		memcpy(dribble + (size_t) i * 950 + 948, "\r\n", 3);
	}
	for (size_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++)
	{
		for (size_t p = 0; p < sizeof(phases) / sizeof(phases[0]); p++)
		{
			BrimSmtpResult result = answer(phases[p], faults[f].reply);
			char           what[200];

			snprintf(what, sizeof(what), "%s: the server %s", brim_smtp_phase_name(phases[p]),
					 faults[f].what);
			check(what, result, phases[p] == DOT ? BRIM_SMTP_UNCERTAIN : BRIM_SMTP_TRANSPORT, "");
			unit_ok(result.code == faults[f].code && result.phase == phases[p] &&
						result.fault.message[0] != '\0',
					"with phase, code and what went wrong");
		}
	}
	unit_is_text(answer(DOT, "250 o").reply, "250 o", "the last bytes read are shown");
	unit_is_text(answer(DOT, "250-a\r\n250-b\r\n250 c").reply, "250-a / 250-b / 250 c",
				 "the lines before them too");
	unit_is_text(answer(DOT, "550 caf\xE9 \x1b[31m \xC3\xA9\r\n").reply, "550 caf? ?[31m \xC3\xA9",
				 "what cannot be printed is not");
}

/* All lengths of a reply up to the caps. */
static void
test_caps(void)
{
	char          *text = malloc(80000);
	BrimSmtpReply *reply = malloc(sizeof(*reply));
	size_t         len = 0;

	memset(text, 'x', 1200);
	memcpy(text, "250 ", 4);
	strcpy(text + 998, "\r\n");
	check("a line of 1000 bytes", answer(DOT, text), BRIM_SMTP_SENT, "r");
	for (int i = 0; i < 9999; i++)
		len += (size_t) sprintf(text + len, "250-\n");
	strcpy(text + len, "250 \n");
	brim_smtp_reply_reset(reply);
	unit_ok(brim_smtp_reply_read(reply, text, len + 5) == len + 5 &&
				reply->state == BRIM_SMTP_REPLY_WHOLE,
			"a reply of 10000 lines is whole");
	brim_smtp_reply_reset(reply);
	unit_is_int(brim_smtp_reply_read(reply, "250 a\r\n250 b\r\n", 14), 7,
				"a reply takes no more than its own bytes");
	free(text);
	free(reply);
}

static void
test_hints(void)
{
	static const struct
	{
		const char *text;
		int         seconds;
	} hints[] = {
		{"4.7.1 try again in 300 seconds", 300},
		{"Please retry in 5 minutes.", 300},
		{"4.2.0 Greylisted, see http://example.com/help.html?id=5", 0},
		{"Greylisted for 5 min", 300},
		{"Greylisting in action, please come back in 00:05:00", 300},
		{"GREYLISTED. TRY AGAIN AFTER 1 HOUR", 3600},
		{"you are greylisted (4 minutes left)", 240},
		{"please wait 60s", 60},
		{"wait at least 2 hours", 7200},
		{"Try again in 2 days", 172800},
		{"try again in 30 days", 604800},
		{"try again in 99999999999999999999 seconds", 0},
		{"try again in 604801 seconds", 604800},
		{"try again later", 0},
		{"try again in a while", 0},
		{"try again in 5 parsecs", 0},
		{"try again in 4.7.1 seconds", 0},
		{"try again in 5", 0},
		{"mail from 192.0.2.5 greylisted", 0},
		{"greylisted 192.0.2.5 min", 0},
		{"for 5 minutes we have been busy", 0},
		{"we will retry for 5 days", 0},
		{"retry in 0 seconds", 0},
		{"try again in 00:61:00", 0},
		{"try again in 1:2", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		unit_is_int(brim_smtp_hint_read(hints[i].text, strlen(hints[i].text)), hints[i].seconds,
					"hint in \"%s\"", hints[i].text);
	unit_is_int(answer(RCPT, "550 5.7.1 try again in 300 seconds\r\n").retry_after, 0,
				"what has failed for good has no hint");
}

int
main(void)
{
	test_classes();
	test_faults();
	test_caps();
	test_hints();
	return unit_done();
}
