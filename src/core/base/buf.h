/*-------------------------------------------------------------------------
 *
 * buf.h
 *	  A growing buffer of bytes.
 *
 * Failure (memory short or the limit reached) is sticky, so a writer appends
 * freely and its caller asks once at the end whether the buffer is whole.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_BUF_H
#define BRIM_CORE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/mem.h"
#include "core/base/str.h"

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

extern void brim_buf_init(BrimBuf *buf, BrimMem *mem, size_t limit);
extern void brim_buf_free(BrimBuf *buf);
extern void brim_buf_clear(BrimBuf *buf); /* empty, not failed, memory kept */
extern bool brim_buf_append(BrimBuf *buf, const void *data, size_t len);
extern bool brim_buf_append_str(BrimBuf *buf, BrimStr str);
extern bool brim_buf_append_text(BrimBuf *buf, const char *cstring);
extern bool
brim_buf_printf(BrimBuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern BrimStr brim_buf_str(const BrimBuf *buf); /* borrows */

#endif /* BRIM_CORE_BASE_BUF_H */
