/*-------------------------------------------------------------------------
 *
 * buf.c
 *	  A growing buffer of bytes; see buf.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
brim_buf_init(BrimBuf *buf, BrimMem *mem, size_t limit)
{
	memset(buf, 0, sizeof(*buf));
	buf->mem = mem;
	buf->limit = limit;
}

void
brim_buf_free(BrimBuf *buf)
{
	if (buf->mem != NULL)
		brim_mem_free(buf->mem, buf->data);
	buf->data = NULL;
	buf->len = 0;
	buf->capacity = 0;
}

void
brim_buf_clear(BrimBuf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

/* Make room for more bytes and a NUL; false (and sticky) when that cannot be. */
static bool
reserve(BrimBuf *buf, size_t more)
{
	size_t need;
	size_t capacity;
	char  *data;

	if (buf->failed)
		return false;
	if (more > buf->limit || buf->len > buf->limit - more)
	{
		buf->failed = true;
		return false;
	}
	need = buf->len + more + 1;
	if (need <= buf->capacity)
		return true;
	capacity = buf->capacity < 64 ? 64 : buf->capacity;
	while (capacity < need)
		capacity *= 2;
	data = buf->mem->resize(buf->mem, buf->data, capacity);
	if (data == NULL)
	{
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

bool
brim_buf_append(BrimBuf *buf, const void *data, size_t len)
{
	if (!reserve(buf, len))
		return false;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

bool
brim_buf_append_str(BrimBuf *buf, BrimStr str)
{
	return brim_buf_append(buf, str.data, str.len);
}

bool
brim_buf_append_text(BrimBuf *buf, const char *cstring)
{
	return brim_buf_append(buf, cstring, strlen(cstring));
}

bool
brim_buf_printf(BrimBuf *buf, const char *format, ...)
{
	va_list args;
	int     len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		buf->failed = true;
	if (len < 0 || !reserve(buf, (size_t) len))
		return false;
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t) len + 1, format, args);
	va_end(args);
	buf->len += (size_t) len;
	return true;
}

BrimStr
brim_buf_str(const BrimBuf *buf)
{
	BrimStr str = {buf->data != NULL ? buf->data : "", buf->len};

	return str;
}
