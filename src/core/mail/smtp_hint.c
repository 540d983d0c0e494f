/*-------------------------------------------------------------------------
 *
 * smtp_hint.c
 *	  "Try again in 300 seconds": when a server asks to be tried again.
 *
 * There is no standard for it.  A hint is a time (300 seconds, 5 min, 00:05:00)
 * that follows a word that asks to come back: directly after a preposition
 * ("retry in 5 min"), or anywhere near a word about greylisting.  Whatever is
 * less clear is no hint, and the schedule of brim stands.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/smtp_hint.h"

#include "core/base/base.h"
#include "core/mail/smtp_reply.h"

#include <string.h>

#define MAX_HINT (7 * 86400)
#define MAX_DIGITS 7
#define REACH 60 /* bytes between the asking word and the time */

typedef struct Unit
{
	const char *name;
	int         seconds;
} Unit;

static const Unit units[] = {
	{"s", 1},      {"sec", 1},     {"secs", 1},     {"second", 1},   {"seconds", 1},  {"m", 60},
	{"min", 60},   {"mins", 60},   {"minute", 60},  {"minutes", 60}, {"h", 3600},     {"hr", 3600},
	{"hrs", 3600}, {"hour", 3600}, {"hours", 3600}, {"day", 86400},  {"days", 86400},
};

/* Words that ask; the ones of greylisting need no preposition before the time. */
static const char *const greylisting[] = {"greylist", "graylist", "grey-list", "gray-list"};
static const char *const asking[] = {"try again", "try later", "retry",
									 "come back", "wait",      "resend"};
static const char *const prepositions[] = {"in", "after", "wait", "least", "about", "another"};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (unsigned char) c >= 0x80;
}

/* Where a phrase begins in lower-case text, as a word or the start of one; len if nowhere. */
static size_t
find_phrase(const char *text, size_t len, const char *phrase)
{
	size_t n = strlen(phrase);

	for (size_t i = 0; i + n <= len; i++)
	{
		if ((i == 0 || !is_word(text[i - 1])) && memcmp(text + i, phrase, n) == 0)
			return i;
	}
	return len;
}

/* The first place behind any of the phrases; 0 if none is there. */
static size_t
find_any(const char *text, size_t len, const char *const *phrases, size_t nphrases)
{
	size_t best = 0;

	for (size_t i = 0; i < nphrases; i++)
	{
		size_t at = find_phrase(text, len, phrases[i]);

		if (at < len && (best == 0 || at + strlen(phrases[i]) < best))
			best = at + strlen(phrases[i]);
	}
	return best;
}

/* Return true if one of the prepositions comes right before this position. */
static bool
follows_preposition(const char *text, size_t at)
{
	while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == ':'))
		at--;
	for (size_t i = 0; i < LENGTH(prepositions); i++)
	{
		size_t n = strlen(prepositions[i]);

		if (at >= n && memcmp(text + at - n, prepositions[i], n) == 0 &&
			(at == n || !is_word(text[at - n - 1])))
			return true;
	}
	return false;
}

/* Read a number, *pos moves behind it.  False without digits or with too many to be meant. */
static bool
read_number(const char *text, size_t len, size_t *pos, int *value)
{
	size_t start = *pos;

	*value = 0;
	while (*pos < len && is_digit(text[*pos]))
	{
		if (*pos - start >= MAX_DIGITS)
			return false;
		*value = *value * 10 + (text[*pos] - '0');
		(*pos)++;
	}
	return *pos > start;
}

/* The seconds of the unit that stands at *pos, after at most one space; 0 if none does. */
static int
read_unit(const char *text, size_t len, size_t *pos)
{
	size_t start = *pos;
	size_t end;

	if (start < len && (text[start] == ' ' || text[start] == '-'))
		start++;
	end = start;
	while (end < len && is_word(text[end]) && !is_digit(text[end]))
		end++;
	if (end < len && is_digit(text[end]))
		return 0;
	for (size_t i = 0; i < LENGTH(units); i++)
	{
		if (strlen(units[i].name) == end - start &&
			memcmp(units[i].name, text + start, end - start) == 0)
		{
			*pos = end;
			return units[i].seconds;
		}
	}
	return 0;
}

/* The time that stands at pos: "300 seconds", "5min" or "00:05:00"; 0 if there is none. */
static int
read_time(const char *text, size_t len, size_t pos)
{
	int value;
	int unit;

	if (!read_number(text, len, &pos, &value))
		return 0;
	if (pos < len && text[pos] == ':')
	{
		int minutes;
		int seconds;

		pos++;
		if (!read_number(text, len, &pos, &minutes) || minutes > 59 || pos >= len ||
			text[pos++] != ':' || !read_number(text, len, &pos, &seconds) || seconds > 59 ||
			(pos < len && (is_word(text[pos]) || text[pos] == ':')) || value > 168)
			return 0;
		return value * 3600 + minutes * 60 + seconds;
	}
	unit = read_unit(text, len, &pos);
	if (unit == 0)
		return 0;
	return value > MAX_HINT / unit ? MAX_HINT : value * unit;
}

/* Look for a time in a text that starts behind an asking word. */
static int
find_time(const char *text, size_t len, size_t from, bool anywhere)
{
	for (size_t i = from; i < len && i < from + REACH; i++)
	{
		int seconds;

		/* a number of its own: no part of a word, an address, a code, a date */
		if (!is_digit(text[i]) || is_word(text[i - 1]) || strchr(".:-/", text[i - 1]) != NULL)
			continue;
		if (!anywhere && !follows_preposition(text, i))
			continue;
		seconds = read_time(text, len, i);
		if (seconds > 0)
			return seconds;
	}
	return 0;
}

int
brim_smtp_hint_read(const char *line, size_t len)
{
	char   text[BRIM_SMTP_REPLY_MAX_LINE];
	size_t from;
	int    seconds = 0;

	if (len > sizeof(text))
		len = sizeof(text);
	for (size_t i = 0; i < len; i++)
		text[i] = line[i] >= 'A' && line[i] <= 'Z' ? (char) (line[i] - 'A' + 'a') : line[i];
	from = find_any(text, len, asking, LENGTH(asking));
	if (from > 0)
		seconds = find_time(text, len, from, false);
	if (seconds == 0)
	{
		from = find_any(text, len, greylisting, LENGTH(greylisting));
		if (from > 0)
			seconds = find_time(text, len, from, true);
	}
	return seconds < MAX_HINT ? seconds : MAX_HINT;
}
