/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Write JSON into a buffer; see json.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/json.h"

void
brim_json_quote(BrimBuf *out, BrimStr text)
{
	size_t from = 0;

	brim_buf_append_text(out, "\"");
	for (size_t at = 0; at < text.len; at++)
	{
		unsigned char c = (unsigned char) text.data[at];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
			continue;
		if (at > from)
			brim_buf_append(out, text.data + from, at - from);
		from = at + 1;
		if (c == '\n')
			brim_buf_append_text(out, "\\n");
		else if (c == '"' || c == '\\')
			brim_buf_printf(out, "\\%c", c);
		else
			brim_buf_printf(out, "\\u%04x", (unsigned int) c);
	}
	if (text.len > from)
		brim_buf_append(out, text.data + from, text.len - from);
	brim_buf_append_text(out, "\"");
}

/* Begin a value: the comma and the key before it. */
static void
begin(BrimJson *json, const char *key)
{
	if (json->follows)
		brim_buf_append_text(json->out, ",");
	json->follows = true;
	if (key == NULL)
		return;
	brim_json_quote(json->out, brim_str(key));
	brim_buf_append_text(json->out, ":");
}

void
brim_json_open(BrimJson *json, const char *key, const char *bracket)
{
	begin(json, key);
	brim_buf_append_text(json->out, bracket);
	json->follows = false;
}

void
brim_json_close(BrimJson *json, const char *brackets)
{
	brim_buf_append_text(json->out, brackets);
	json->follows = true;
}

void
brim_json_str(BrimJson *json, const char *key, BrimStr text)
{
	begin(json, key);
	brim_json_quote(json->out, text);
}

void
brim_json_text(BrimJson *json, const char *key, const char *cstring)
{
	brim_json_str(json, key, brim_str(cstring));
}

void
brim_json_int(BrimJson *json, const char *key, int number)
{
	begin(json, key);
	brim_buf_printf(json->out, "%d", number);
}

void
brim_json_bool(BrimJson *json, const char *key, bool value)
{
	begin(json, key);
	brim_buf_append_text(json->out, value ? "true" : "false");
}

void
brim_json_raw(BrimJson *json, const char *key, BrimStr written)
{
	begin(json, key);
	brim_buf_append_str(json->out, written);
}
