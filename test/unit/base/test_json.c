/*-------------------------------------------------------------------------
 *
 * test_json.c
 *	  Promises of core/base/json: commas, keys, brackets and escapes.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

int
main(void)
{
	BrimBuf  buf;
	BrimJson json = {&buf, false};

	brim_buf_init(&buf, brim_mem_malloc(), 1000);
	brim_json_open(&json, NULL, "{");
	brim_json_int(&json, "n", -1);
	brim_json_open(&json, "list", "[");
	brim_json_text(&json, NULL, "a");
	brim_json_open(&json, NULL, "{");
	brim_json_close(&json, "}");
	brim_json_bool(&json, NULL, true);
	brim_json_close(&json, "]");
	brim_json_raw(&json, "raw", brim_str("[1,2]"));
	brim_json_close(&json, "}");
	unit_is_str(brim_buf_str(&buf), "{\"n\":-1,\"list\":[\"a\",{},true],\"raw\":[1,2]}",
				"commas stand between members, and nowhere else");
	brim_buf_clear(&buf);
	brim_json_quote(&buf, brim_str("a\"b\\c\n\t\x7F\xC3\xA4"));
	unit_is_str(brim_buf_str(&buf), "\"a\\\"b\\\\c\\n\\u0009\\u007f\xC3\xA4\"",
				"quotes, backslashes and controls are escaped, other characters are not");
	brim_buf_free(&buf);
	brim_buf_init(&buf, brim_mem_malloc(), 4);
	json.follows = false;
	brim_json_text(&json, "key", "too long");
	unit_ok(buf.failed, "what does not fit is said by the buffer");
	brim_buf_free(&buf);
	return unit_done();
}
