/*-------------------------------------------------------------------------
 *
 * address.h
 *	  What brim accepts as an e-mail address.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_ADDRESS_H
#define BRIM_CORE_MAIL_ADDRESS_H

#include "core/base/base.h"

/*
 * Return true if this is an addr-spec that an SMTP envelope may contain (RFC 5321, 4.1.2:
 * a dot-string local part of at most 64 bytes, a host name with at least one
 * dot or an address literal is not accepted; 254 bytes at most; ASCII only,
 * as long as SMTPUTF8 is not spoken).  *why gets a static lower-case phrase
 * ("has no @", "contains a control character") when it is not.
 */
extern bool brim_address_check(BrimStr address, const char **why);

/* Return true if an unquoted word of an address or a name may contain c (RFC 5322's atext). */
extern bool brim_address_is_atext(char c);

#endif /* BRIM_CORE_MAIL_ADDRESS_H */
