/*-------------------------------------------------------------------------
 *
 * smtp_hint.h
 *	  When a server asks to be tried again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_SMTP_HINT_H
#define BRIM_CORE_MAIL_SMTP_HINT_H

#include <stddef.h>

/* Seconds that a line of a reply asks to wait, 0 when it does not clearly say. */
extern int brim_smtp_hint_read(const char *line, size_t len);

#endif /* BRIM_CORE_MAIL_SMTP_HINT_H */
