/*-------------------------------------------------------------------------
 *
 * gemini_tools.h
 *	  What the tests of requests to Gemini share: looking into JSON, and an
 *	  allocator that fails.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_GEMINI_TOOLS_H
#define BRIM_GEMINI_TOOLS_H

#include <json-c/json.h>
#include <stdlib.h>

#include "core/gemini/internal.h"

/* An allocator that gives out so many blocks, then none. */
typedef struct ShortMem
{
	BrimMem mem;
	int     left;
} ShortMem;

static void *
short_resize(BrimMem *mem, void *block, size_t size)
{
	ShortMem *self = (ShortMem *) mem;

	if (size == 0)
	{
		free(block);
		return NULL;
	}
	return self->left-- > 0 ? realloc(block, size) : NULL;
}

/* Walk down members and elements: "contents.0.parts.0.text". */
static struct json_object *
walk(struct json_object *at, const char *path)
{
	char  copy[200];
	char *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *step = strtok_r(copy, ".", &save); step != NULL; step = strtok_r(NULL, ".", &save))
		at = step[0] >= '0' && step[0] <= '9' ? brim_gemini_json_element(at, (size_t) atoi(step))
											  : brim_gemini_json_member(at, step);
	return at;
}

/* The JSON found there, written plainly; "" where nothing is. */
static const char *
at_path(struct json_object *at, const char *path)
{
	at = walk(at, path);
	return at == NULL ? "" : json_object_to_json_string_ext(at, JSON_C_TO_STRING_PLAIN);
}

#endif /* BRIM_GEMINI_TOOLS_H */
