/*-------------------------------------------------------------------------
 *
 * mail.h
 *	  What the room offers: addresses, templates, messages, the SMTP dialogue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_MAIL_H
#define BRIM_CORE_MAIL_MAIL_H

#include "core/mail/address.h"
#include "core/mail/mime.h"
#include "core/mail/smtp.h"
#include "core/mail/template.h"

#endif /* BRIM_CORE_MAIL_MAIL_H */
