/*-------------------------------------------------------------------------
 *
 * fuzz_template.c
 *	  Any template is filled or refused with a reason, and an output that is
 *	  whole holds every byte that stands outside of blanks.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mail/template.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BrimStr         tmpl = {(const char *) data, size};
	BrimTemplateVar vars[] = {{{"a", 1}, {"{{b}}", 5}}, {{"b", 1}, {NULL, 0}}, {{"c", 1}, {"", 0}}};
	BrimError       error = {""};
	BrimBuf         out;
	bool            whole;

	for (size_t limit = 16; limit <= 1u << 20; limit <<= 16)
	{
		brim_buf_init(&out, brim_mem_malloc(), limit);
		whole = brim_template_render(tmpl, vars, 3, &out, &error);
		if (out.len > limit || (!whole && error.message[0] == '\0') || (whole && out.failed))
			abort();
		if (whole && (size < 2 || memmem(data, size, "{{", 2) == NULL) &&
			(out.len != size || (size > 0 && memcmp(out.data, data, size) != 0)))
			abort();
		brim_buf_free(&out);
	}
	return 0;
}
