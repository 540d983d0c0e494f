/*-------------------------------------------------------------------------
 *
 * template.h
 *	  Fill the blanks of an e-mail template.
 *
 * {{name}} stands for the value of a variable, {{name|other words}} for the
 * value or, where it is missing or empty, for the other words.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_TEMPLATE_H
#define BRIM_CORE_MAIL_TEMPLATE_H

#include "core/base/base.h"

typedef struct BrimTemplateVar
{
	BrimStr name;
	BrimStr value; /* data NULL: missing */
} BrimTemplateVar;

/*
 * Append the filled template to out.  Values are inserted as they are and not
 * looked through for blanks again.  False with *error set for a blank that is
 * not closed or a name that is not among vars, and when out is full; what out
 * holds then is of no use.
 */
extern bool brim_template_render(BrimStr tmpl, const BrimTemplateVar *vars, int nvars, BrimBuf *out,
								 BrimError *error);

#endif /* BRIM_CORE_MAIL_TEMPLATE_H */
