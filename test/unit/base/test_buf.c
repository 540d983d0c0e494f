/*-------------------------------------------------------------------------
 *
 * test_buf.c
 *	  Promises of core/buf and core/mem.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

int
main(void)
{
	BrimMem  *mem = brim_mem_malloc();
	BrimBuf   buf;
	BrimError error;
	char      big[600];
	size_t    len;

	brim_buf_init(&buf, mem, 8);
	unit_is_str(brim_buf_str(&buf), "", "a new buffer is empty");
	unit_ok(brim_buf_append_text(&buf, "abc"), "text goes in");
	unit_ok(brim_buf_printf(&buf, "%d", 12345), "a printed number fills it to its limit");
	unit_is_str(brim_buf_str(&buf), "abc12345", "what went in comes out");
	unit_ok(!brim_buf_append_text(&buf, "x"), "one byte over the limit is refused");
	unit_ok(!brim_buf_append_text(&buf, "") && buf.failed, "a failure is sticky");
	brim_buf_clear(&buf);
	unit_ok(!buf.failed && buf.len == 0, "clear makes it usable again");
	brim_buf_free(&buf);

	memset(big, 'a', sizeof(big));
	memcpy(big + 254, "\xC3\xA4", 3);
	brim_error_set(&error, "%s", big);
	len = strlen(error.message);
	unit_ok(len == 254, "a cut error text does not split a character");
	return unit_done();
}
