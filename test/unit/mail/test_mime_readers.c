/*-------------------------------------------------------------------------
 *
 * test_mime_readers.c
 *	  Odd and random texts: each message keeps all limits, and is read back by
 *	  Python's own parser (test/lib/parse_mail.py --frames), where there is a
 *	  python3.
 *
 *-------------------------------------------------------------------------
 */
#include "mail/mime_message.h"

#include <stdlib.h>

/* What is fed to the other parser; NULL without one. */
static FILE *reader = NULL;

static void
write_frame(BrimStr part)
{
	fprintf(reader, "%zu:", part.len);
	if (part.len > 0)
		fwrite(part.data, 1, part.len, reader);
	fputc(',', reader);
}

/* Build a message that must work, and pass it on to the other parser. */
static bool
tell(const BrimMessage *message, BrimBuf *out, const char **problem)
{
	bool good = build(message, out, problem);

	if (reader != NULL)
	{
		write_frame(message->from_name);
		write_frame(message->to_name);
		write_frame(message->subject);
		write_frame(message->body);
		write_frame(message->footer);
		write_frame(brim_buf_str(out));
	}
	return good;
}

static void
test_odd(BrimBuf *out)
{
	static const char *const texts[] = {
		"x",
		"hello world",
		"a  b",
		" lead",
		"trail ",
		"=?UTF-8?Q?not_encoded?=",
		"a =?b",
		"?=",
		"comma, and \"quotes\" and \\ back",
		"semi; colon: <angle> (round) [square] @at",
		"a.b.c",
		"J\xC3\xBCrgen M\xC3\xBCller",
		"M\xC3\xBCller, J\xC3\xBCrgen",
		"O'Brien",
		"\xE6\x9D\x8E\xE5\xB0\x8F\xE9\xBE\x99",
		"\xD0\x90\xD0\xBD\xD0\xBD\xD0\xB0 "
		"\xD0\x9A\xD0\xB0\xD1\x80\xD0\xB5\xD0\xBD\xD0\xB8\xD0\xBD\xD0\xB0",
		"e\xCC\x81",
		"\xF0\x9F\x9A\x80 launch \xF0\x9F\x9A\x80",
		"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
		"nbsp\xC2\xA0"
		"between",
		"under_score and = equals ? question",
		"100% growth & more / less",
		"\"",
		"\\",
		"\"\"",
		"'",
		",",
		";",
		"Re: your ops team",
		"a very long subject line that has to be folded somewhere because "
		"it is far longer than any header line may be in an Internet message today",
		"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaa",
		"\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7"
		"\x95\x8C\xE4\xBD\xA0\xE5\xA5\xBD"
		"\xE4\xB8\x96\xE7\x95\x8C\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C\xE4\xBD\xA0\xE5"
		"\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C",
		"\xC3\xA4\xC3\xB6\xC3\xBC long text with few odd letters, that goes on and on, so that it "
		"needs more than one encoded word",
	};
	static const char *const bodies[] = {
		"x",
		"\n\nx",
		"x\n\n\n",
		"x\r\ny\rz\nend",
		"\r\rx\r",
		"trailing space \nand tab\t\n",
		"From the start\nFrom again",
		" From not at the start",
		".\n..\n.x\n",
		"=\n==\n=3D\n=20",
		"a\x01\x02\x1b\x7f"
		"b",
		"tab\tinside",
		"\xEF\xBB\xBF"
		"bom",
		"\xC3\xA9",
		"line\xE2\x80\xA8separator\xC2\x85next",
		"\x0b\x0c vertical",
		"123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345678",
		"123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789",
		"--boundary\n-- \nsignature",
		"Subject: not a header\n\nbody",
		"MIME-Version: 1.0",
	};
	const char *problem = NULL;
	size_t      bad = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		BrimMessage message = plain_message();

		message.from_name = message.to_name = message.subject = brim_str(texts[i]);
		if (!unit_ok(tell(&message, out, &problem), "names and subject of odd text %zu", i + 1))
			printf("# %s\n%s\n", problem, out->data);
	}
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		for (int with_footer = 0; with_footer < 2; with_footer++)
		{
			BrimMessage message = plain_message();

			message.body = brim_str(bodies[i]);
			message.footer =
				brim_str(with_footer ? bodies[(i + 1) % (sizeof(bodies) / sizeof(bodies[0]))] : "");
			bad += !tell(&message, out, &problem);
		}
	}
	unit_is_int(bad, 0, "bodies of odd text, with and without a footer");

	/* each length of a line and a subject around every limit, in three scripts */
	bad = 0;
	for (size_t n = 1; n <= 330; n++)
	{
		static const char *const units[] = {"a",   "\xC3\xA9", "\xE4\xBD\xA0", "\xF0\x9F\x9A\x80",
											"ab ", ". "};
		char                     text[1400] = "";
		BrimMessage              message = plain_message();

		for (size_t i = 0; strlen(text) + 4 < n * 3; i++)
			strcat(text, units[n % 6]);
		strcat(text, "z");
		message.subject = message.body = brim_str(text);
		message.to_name = brim_str(strlen(text) < 300 ? text : "z");
		bad += !tell(&message, out, &problem);
	}
	unit_is_int(bad, 0, "lengths around every limit of lines and words");
}

/* A random text of words, spaces, specials and letters of all lengths. */
static BrimStr
random_text(unsigned int *seed, char *target, size_t size, bool header)
{
	static const char *const parts[] = {
		"a",
		"Word",
		" ",
		" ",
		".",
		",",
		"\"",
		"\\",
		"=",
		"?",
		"_",
		"=?",
		"?=",
		"<",
		">",
		"@",
		"From ",
		"\xC3\xBC",
		"\xE2\x82\xAC",
		"\xF0\x9F\x9A\x80",
		"\xE4\xB8\xAD",
		"longerwordthanmost",
		"-",
		"\n",
		"\r\n",
		"\r",
		"\t",
		"\n.\n",
		" \n",
		"\x01",
	};
	BrimStr text = {target, 0};
	size_t  wanted = (size_t) rand_r(seed) % size;

	target[text.len++] = 'x';
	for (;;)
	{
		const char *part =
			parts[(size_t) rand_r(seed) % (header ? 23 : sizeof(parts) / sizeof(parts[0]))];

		if (text.len + strlen(part) > wanted)
			break;
		memcpy(target + text.len, part, strlen(part));
		text.len += strlen(part);
	}
	return text;
}

static void
test_random(BrimBuf *out)
{
	static char  subject[200];
	static char  name[100];
	static char  other_name[100];
	static char  body[2000];
	unsigned int seed = 20261122;
	const char  *problem = NULL;
	int          bad = 0;

	for (int i = 0; i < 1500; i++)
	{
		BrimMessage message = plain_message();

		message.subject = random_text(&seed, subject, sizeof(subject), true);
		message.from_name = random_text(&seed, name, sizeof(name), true);
		message.to_name = random_text(&seed, other_name, sizeof(other_name), true);
		message.body = random_text(&seed, body, sizeof(body), false);
		if (!tell(&message, out, &problem) && bad++ < 3)
			printf("# %s\n%s\n", problem, out->data);
	}
	unit_is_int(bad, 0, "1500 random messages keep every limit");
}

int
main(void)
{
	BrimBuf out;

	if (system("python3 -c 'import email' >/dev/null 2>&1") == 0)
		reader = popen("python3 test/lib/parse_mail.py --frames", "w");
	brim_buf_init(&out, brim_mem_malloc(), 4 * 1024 * 1024);
	test_odd(&out);
	test_random(&out);
	fflush(stdout);
	if (reader == NULL)
		printf("# no python3: messages are not read back by another parser\n");
	else
		unit_is_int(pclose(reader), 0, "another parser reads back every name, subject and body");
	brim_buf_free(&out);
	return unit_done();
}
