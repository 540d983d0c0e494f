/*-------------------------------------------------------------------------
 *
 * test_smtp_message.c
 *	  What goes over the wire: no address and no message that could say more
 *	  than it should, and no end of a message before the barrier.
 *
 *-------------------------------------------------------------------------
 */
#include "mail/smtp_talk.h"

#include "core/mail/smtp_message.h"

static void
test_refused_begin(void)
{
	static const char *const bad[] = {
		"",
		"a@b",
		"a@b.example\r\nDATA",
		"a@b.example>\r\nRCPT TO:<eve@example.com",
		"a b@c.example",
		"<a@b.example>",
		"a@b.example\n",
		"\xC3\xA4@b.example",
	};
	static const struct
	{
		const char *message;
		const char *why;
	} messages[] = {
		{"", "the message is empty"},
		{"a\nb\r\n", "the message has a lone LF"},
		{"a\r\n.\n\r\n", "the message has a lone LF"},
		{"a\rb\r\n", "the message has a lone CR"},
		{"a\r\n.\r", "the message has a lone CR"},
		{"\xC3\xA4\r\n", "the message has a byte that is not ASCII text"},
	};
	Talk     *talk = malloc(sizeof(*talk));
	BrimError error;
	BrimStr   nul = {"a\0b\r\n", 5};
	char      long_line[1200];

	talk_start(talk);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		unit_ok(!brim_smtp_begin(talk->smtp, brim_str(bad[i]), brim_str(RECIPIENT),
								 brim_str(MESSAGE), &error) &&
					strncmp(error.message, "the sender address ", 19) == 0,
				"sender %zu refused", i + 1);
		unit_ok(!brim_smtp_begin(talk->smtp, brim_str(SENDER), brim_str(bad[i]), brim_str(MESSAGE),
								 &error) &&
					strncmp(error.message, "the recipient address ", 22) == 0,
				"recipient %zu refused", i + 1);
	}
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
	{
		brim_smtp_begin(talk->smtp, brim_str(SENDER), brim_str(RECIPIENT),
						brim_str(messages[i].message), &error);
		unit_is_text(error.message, messages[i].why, "message refused");
	}
	unit_ok(!brim_smtp_begin(talk->smtp, brim_str(SENDER), brim_str(RECIPIENT), nul, &error),
			"NUL refused");
	memset(long_line, 'x', sizeof(long_line));
	memcpy(long_line + 999, "\r\n", 3);
	unit_ok(!talk_begin(talk, long_line), "a line of 999 bytes refused");
	unit_is_int(brim_smtp_need(talk->smtp), BRIM_SMTP_DONE,
				"a refused e-mail leaves nothing to do");
	memcpy(long_line + 998, "\r\n", 3);
	unit_ok(talk_begin(talk, long_line),
			"a line of 998 bytes is not refused, and the connection still good");
	unit_ok(!talk_begin(talk, MESSAGE), "no second e-mail while one is under way");
	unit_is_int(brim_smtp_current_phase(talk->smtp), MAIL, "which goes on");
	talk_end(talk);
	free(talk);
}

/* Undo the stuffing as RFC 5321 requires of the server; -1 if the dot comes early or late. */
static int
unstuff(const char *wire, size_t len, char *text)
{
	int used = 0;

	for (size_t i = 0; i < len;)
	{
		const char *end = memchr(wire + i, '\n', len - i);
		size_t      n = end != NULL ? (size_t) (end - wire) + 1 - i : len - i;

		if (n == 3 && memcmp(wire + i, ".\r\n", 3) == 0)
			return i + 3 == len ? used : -1;
		if (wire[i] == '.')
		{
			i++;
			n--;
		}
		memcpy(text + used, wire + i, n);
		used += (int) n;
		i += n;
	}
	return -1;
}

static void
test_stuffing(void)
{
	static const char *const pieces[] = {".", "\r\n", "x", "..", ".\r\n", "\r\n.\r\n", "ab"};
	Talk                    *talk = malloc(sizeof(*talk));
	char                    *message = malloc(70000);
	char                    *text = malloc(70000);
	unsigned int             seed = 5321;
	int                      wrong = 0;

	/* lines of dots moved over every place around the end of a chunk */
	for (int round = 0; round < 600; round++)
	{
		size_t len = 0;
		size_t before;
		int    got;

		if (round < 60)
		{
			while (len < 16300)
				len += (size_t) sprintf(message + len, "%060d\r\n", 7);
			for (int i = 0; i < 22 + round; i++)
				message[len++] = 'y';
			for (int i = 0; i < 20; i++)
				len += (size_t) sprintf(message + len, "\r\n.");
		}
		else
		{
			size_t pieces_left = (size_t) rand_r(&seed) % (round % 10 == 0 ? 20000 : 40);

			do
				len += (size_t) sprintf(message + len, "%s", pieces[rand_r(&seed) % 7]);
			while (pieces_left-- > 0 && len < 30000);
		}
		message[len] = '\0';
		if (brim_smtp_message_check(brim_str(message)) != NULL)
			continue; /* a line too long */
		talk_start(talk);
		talk->write_size = 1 + (size_t) rand_r(&seed) % 20000;
		talk_begin(talk, message);
		talk->stop = DATA;
		talk_run(talk);
		before = talk->wire_len;
		talk->stop = BRIM_SMTP_PHASE_CONNECT;
		if (talk_run(talk)->verdict != BRIM_SMTP_SENT)
			wrong++;
		got = unstuff(talk->wire + before, talk->wire_len - before, text);

		/* a message that does not end its last line gets that end */
		if (len < 2 || memcmp(message + len - 2, "\r\n", 2) != 0)
			len += (size_t) sprintf(message + len, "\r\n");
		if (got != (int) len || memcmp(text, message, len) != 0)
			wrong++;
		/* no server can have seen an end in what was out before the barrier */
		if (unstuff(talk->wire + before, talk->dot_at - before, text) != -1 || talk->barriers != 1)
			wrong++;
		for (size_t i = before; i + 3 <= talk->dot_at; i++)
		{
			if (memcmp(talk->wire + i, ".\r\n", 3) == 0 &&
				(i == before || talk->wire[i - 1] == '\n'))
				wrong++;
		}
		talk_end(talk);
	}
	unit_is_int(wrong, 0, "600 messages of dots arrive whole, their end only after the barrier");
	free(message);
	free(text);
	free(talk);
}

int
main(void)
{
	test_refused_begin();
	test_stuffing();
	return unit_done();
}
