/*-------------------------------------------------------------------------
 *
 * company.c
 *	  brim_company_id(): the key of a company.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "common/cryptohash.h"
#include "common/sha1.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "pg/lead/company.h"

BRIM_FUNCTION(brim_company_id);

#define COMPANY_ID_DIGITS 15

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/*
 * The host of a domain as people write it: scheme, user, port, path, blanks
 * around it, "www." and the final dot are cut off; ASCII capitals are lowered.
 */
static char *
host_of(const char *domain, int len)
{
	const char *end = domain + len;
	const char *p;
	char       *host;

	while (domain < end && is_blank(*domain))
		domain++;
	while (end > domain && is_blank(end[-1]))
		end--;
	for (p = domain; p + 2 < end; p++)
	{
		if (p[0] == ':' && p[1] == '/' && p[2] == '/')
		{
			domain = p + 3;
			break;
		}
		if (*p == '/' || *p == '?' || *p == '#')
			break;
	}
	if (end - domain >= 2 && domain[0] == '/' && domain[1] == '/')
		domain += 2;
	for (p = domain; p < end; p++)
	{
		if (*p == '/' || *p == '\\' || *p == '?' || *p == '#')
			end = p;
	}
	for (p = end; p > domain; p--)
	{
		if (p[-1] == '@')
		{
			domain = p;
			break;
		}
	}
	for (p = domain; p < end && *domain != '['; p++)
	{
		if (*p == ':')
			end = p;
	}
	if (domain < end && *domain == '[')
	{
		p = memchr(domain, ']', end - domain);
		if (p != NULL)
			end = p + 1;
	}
	while (end > domain && end[-1] == '.')
		end--;
	if (end - domain > 4 && pg_strncasecmp(domain, "www.", 4) == 0)
		domain += 4;
	host = pnstrdup(domain, end - domain);
	for (char *c = host; *c != '\0'; c++)
		*c = pg_ascii_tolower((unsigned char) *c);
	return host;
}

/* The first digits of the SHA-1 of a text, taken in UTF-8 so that every database agrees. */
static text *
short_hash(const char *data, int len)
{
	static const char  digits[] = "0123456789abcdef";
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA1);
	uint8              hash[SHA1_DIGEST_LENGTH];
	char               hex[COMPANY_ID_DIGITS];
	char              *utf8 = pg_server_to_any(data, len, PG_UTF8);

	if (utf8 != data)
		len = (int) strlen(utf8);
	if (ctx == NULL)
		ereport(ERROR, errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"));
	if (pg_cryptohash_init(ctx) < 0 || pg_cryptohash_update(ctx, (uint8 *) utf8, len) < 0 ||
		pg_cryptohash_final(ctx, hash, sizeof(hash)) < 0)
	{
		const char *why = pg_cryptohash_error(ctx);

		pg_cryptohash_free(ctx);
		ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
				errmsg("could not compute SHA-1 hash: %s", why));
	}
	pg_cryptohash_free(ctx);
	for (int i = 0; i < COMPANY_ID_DIGITS; i++)
		hex[i] = digits[i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 0x0F];
	return cstring_to_text_with_len(hex, COMPANY_ID_DIGITS);
}

text *
brim_company_make_id(text *name, text *domain)
{
	if (domain != NULL)
	{
		char *host = host_of(VARDATA_ANY(domain), VARSIZE_ANY_EXHDR(domain));
		text *id = *host != '\0' ? short_hash(host, (int) strlen(host)) : NULL;

		pfree(host);
		if (id != NULL)
			return id;
	}
	if (name == NULL)
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("company name must not be null where no domain is given"));
	return short_hash(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

Datum
brim_company_id(PG_FUNCTION_ARGS)
{
	text *name = PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0);
	text *domain = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);

	PG_RETURN_TEXT_P(brim_company_make_id(name, domain));
}
