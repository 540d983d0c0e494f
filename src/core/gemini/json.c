/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Reading JSON and text that came from outside; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/gemini/internal.h"

#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "core/base/base.h"

#define MAX_DEPTH 32
#define MAX_LENGTH ((size_t) 64 * 1024 * 1024)

/* A run of this many letters and digits in an error text may be a secret. */
#define SECRET_LENGTH 30

struct json_object *
brim_gemini_json_parse(BrimStr text)
{
	struct json_tokener *tokener;
	struct json_object  *value;
	size_t               end;

	if (text.data == NULL || text.len == 0 || text.len > MAX_LENGTH)
		return NULL;
	tokener = json_tokener_new_ex(MAX_DEPTH);
	if (tokener == NULL)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
										JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, text.data, (int) text.len);
	if (json_tokener_get_error(tokener) != json_tokener_success)
	{
		json_object_put(value);
		value = NULL;
	}
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);

	/* Behind the value may be white space only. */
	for (; value != NULL && end < text.len; end++)
		if (memchr(" \t\r\n", text.data[end], 4) == NULL)
		{
			json_object_put(value);
			value = NULL;
		}
	return value;
}

struct json_object *
brim_gemini_json_member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	if (!json_object_object_get_ex(object, name, &value))
		return NULL;
	return value;
}

struct json_object *
brim_gemini_json_element(struct json_object *array, size_t index)
{
	if (!json_object_is_type(array, json_type_array) || index >= json_object_array_length(array))
		return NULL;
	return json_object_array_get_idx(array, index);
}

BrimStr
brim_gemini_json_string(struct json_object *object, const char *name)
{
	struct json_object *value = brim_gemini_json_member(object, name);
	BrimStr             text = {NULL, 0};

	if (json_object_is_type(value, json_type_string))
	{
		text.data = json_object_get_string(value);
		text.len = (size_t) json_object_get_string_len(value);
	}
	return text;
}

int
brim_gemini_json_count(struct json_object *object, const char *name)
{
	struct json_object *value = brim_gemini_json_member(object, name);
	int64_t             count;

	if (!json_object_is_type(value, json_type_int))
		return -1;
	count = json_object_get_int64(value);
	return count < 0 || count > INT_MAX ? -1 : (int) count;
}

bool
brim_gemini_json_valid(BrimStr text)
{
	return text.len == 0 || (memchr(text.data, '\0', text.len) == NULL && brim_utf8_valid(text));
}

/* Length of the run of ASCII letters, digits, '_' and '-' at data; *digit: has it a digit? */
static size_t
word_length(const char *data, size_t len, bool *digit)
{
	size_t at;

	*digit = false;
	for (at = 0; at < len; at++)
	{
		char c = data[at];

		if (c >= '0' && c <= '9')
			*digit = true;
		else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-'))
			break;
	}
	return at;
}

/* Return true for a control, format or private-use character, or one that only moves others about. */
static bool
unprintable(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x200B && c <= 0x200F) ||
		   (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
		   c >= 0xE000;
}

void
brim_gemini_json_clean(BrimStr text, char *out, size_t size)
{
	size_t   filled = 0;
	size_t   step;
	bool     space = false;
	bool     digit;
	uint32_t character;

	for (size_t at = 0; at < text.len; at += step)
	{
		const char *piece = text.data + at;
		size_t      width;

		step = word_length(piece, text.len - at, &digit);
		width = step;
		if (step >= SECRET_LENGTH && digit)
		{
			piece = "...";
			width = 3;
		}
		else if (step == 0)
		{
			step = (size_t) brim_text_decode(piece, text.len - at, &character);
			width = step;
			if (step == 0 || unprintable(character) || character == ' ')
			{
				space = true;
				step = step == 0 ? 1 : step;
				continue;
			}
		}
		if (filled + (space && filled > 0 ? 1 : 0) + width >= size)
			break;
		if (space && filled > 0)
			out[filled++] = ' ';
		space = false;
		memcpy(out + filled, piece, width);
		filled += width;
	}
	out[filled] = '\0';
}

/* Begin the schema of an object: its members follow. */
void
brim_gemini_json_schema_open(BrimJson *json, const char *key)
{
	brim_json_open(json, key, "{");
	brim_json_text(json, "type", "object");
	brim_json_open(json, "properties", "{");
}

/* End it: these members are required (NULL behind the last), and there are no others. */
void
brim_gemini_json_schema_close(BrimJson *json, const char *const *required)
{
	brim_json_close(json, "}");
	brim_json_open(json, "required", "[");
	for (; *required != NULL; required++)
		brim_json_text(json, NULL, *required);
	brim_json_close(json, "]");
	brim_json_bool(json, "additionalProperties", false);
	brim_json_close(json, "}");
}
