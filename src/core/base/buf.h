/*-------------------------------------------------------------------------
 *
 * buf.h
 *	  Byte strings with explicit lengths, and a growing buffer.
 *
 * A BrimStr borrows its bytes.  A BrimBuf owns them; failure (memory short or
 * the limit reached) is sticky, so a writer appends freely and its caller asks
 * once at the end whether the buffer is whole.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_BUF_H
#define BRIM_CORE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/mem.h"

typedef struct BrimStr
{
	const char *data; /* NULL: no value at all */
	size_t      len;
} BrimStr;

typedef struct BrimBuf
{
	/* Contents */
	char  *data; /* always NUL-terminated once not NULL */
	size_t len;

	/* Memory */
	size_t   capacity;
	size_t   limit; /* never more than this many bytes */
	BrimMem *mem;
	bool     failed;
} BrimBuf;

/* Why something was refused: a fixed-size text, always NUL-terminated UTF-8. */
typedef struct BrimError
{
	char message[256];
} BrimError;

extern BrimStr brim_str(const char *cstring); /* of a C string; NULL stays NULL */
extern bool    brim_str_equal(BrimStr a, BrimStr b);

extern void brim_buf_init(BrimBuf *buf, BrimMem *mem, size_t limit);
extern void brim_buf_free(BrimBuf *buf);
extern void brim_buf_clear(BrimBuf *buf); /* empty, not failed, memory kept */
extern bool brim_buf_append(BrimBuf *buf, const void *data, size_t len);
extern bool brim_buf_append_str(BrimBuf *buf, BrimStr str);
extern bool brim_buf_append_text(BrimBuf *buf, const char *cstring);
extern bool
brim_buf_printf(BrimBuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern BrimStr brim_buf_str(const BrimBuf *buf); /* borrows */

extern void
brim_error_set(BrimError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* BRIM_CORE_BASE_BUF_H */
