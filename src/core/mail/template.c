/*-------------------------------------------------------------------------
 *
 * template.c
 *	  Fill the blanks of an e-mail template; see template.h.
 *
 * A blank begins at "{{" and ends at the next "}}".  White space around the
 * name does not count; the other words stand as they are written.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/template.h"

#include <string.h>

/* Bytes of a template that an error text shows. */
#define SHOWN 60

/* The position of the character c twice in a row in text, or text.len. */
static size_t
find_pair(BrimStr text, char c)
{
	for (size_t at = 0; at + 1 < text.len; at++)
		if (text.data[at] == c && text.data[at + 1] == c)
			return at;
	return text.len;
}

static BrimStr
skip(BrimStr text, size_t len)
{
	BrimStr rest = {text.data + len, text.len - len};

	return rest;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static BrimStr
trim(BrimStr text)
{
	while (text.len > 0 && is_space(text.data[0]))
		text = skip(text, 1);
	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* How many bytes of text an error shows: no more than SHOWN, no character split. */
static int
shown_length(BrimStr text)
{
	size_t len = text.len;

	if (len > SHOWN)
	{
		len = SHOWN;
		while (len > 0 && ((unsigned char) text.data[len] & 0xC0) == 0x80)
			len--;
	}
	return (int) len;
}

/* Append what the blank (the text between the braces) stands for. */
static bool
append_blank(BrimStr blank, const BrimTemplateVar *vars, int nvars, BrimBuf *out, BrimError *error)
{
	const char *bar = blank.len > 0 ? memchr(blank.data, '|', blank.len) : NULL;
	BrimStr     name = blank;
	BrimStr     other = {"", 0};

	if (bar != NULL)
	{
		name.len = (size_t) (bar - blank.data);
		other = skip(blank, name.len + 1);
	}
	name = trim(name);
	for (int i = 0; i < nvars; i++)
		if (brim_str_equal(vars[i].name, name))
		{
			bool given = vars[i].value.data != NULL && vars[i].value.len > 0;

			brim_buf_append_str(out, given ? vars[i].value : other);
			return true;
		}
	brim_error_set(error, "blank {{%.*s}} is not known", shown_length(name), name.data);
	return false;
}

bool
brim_template_render(BrimStr tmpl, const BrimTemplateVar *vars, int nvars, BrimBuf *out,
					 BrimError *error)
{
	BrimStr rest = tmpl;

	while (rest.len > 0)
	{
		size_t  open = find_pair(rest, '{');
		BrimStr blank;

		brim_buf_append(out, rest.data, open);
		if (open == rest.len)
			break;
		blank = skip(rest, open + 2);
		blank.len = find_pair(blank, '}');
		rest = skip(rest, open);
		if (2 + blank.len == rest.len || find_pair(blank, '{') < blank.len)
		{
			brim_error_set(error, "blank is not closed: %.*s", shown_length(rest), rest.data);
			return false;
		}
		rest = skip(rest, 2 + blank.len + 2);
		if (!append_blank(blank, vars, nvars, out, error))
			return false;
	}
	if (out->failed)
	{
		brim_error_set(error, "filled template is too long, or out of memory");
		return false;
	}
	return true;
}
