/*-------------------------------------------------------------------------
 *
 * address.c
 *	  What brim accepts as an e-mail address; see address.h.
 *
 * "Dot-string" and "label" are RFC 5321's words: words of ordinary characters
 * joined by single dots, and one name between two dots of a host name.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/address.h"

#include <string.h>

#define MAX_ADDRESS 254
#define MAX_LOCAL 64
#define MAX_LABEL 63

static bool
is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
brim_address_is_atext(char c)
{
	return is_alnum((unsigned char) c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Bytes that would end or add a line, a parameter or a path of the envelope. */
static const char *
check_bytes(BrimStr address)
{
	for (size_t i = 0; i < address.len; i++)
	{
		unsigned char c = (unsigned char) address.data[i];

		if (c < 0x20 || c == 0x7F)
			return "contains a control character";
		if (c == ' ')
			return "contains a space";
		if (c >= 0x80)
			return "contains a character that is not ASCII";
		if (c == '<' || c == '>')
			return "contains an angle bracket";
	}
	return NULL;
}

static const char *
check_local(const char *local, size_t len)
{
	if (len == 0)
		return "has nothing before the @";
	if (len > MAX_LOCAL)
		return "has more than 64 bytes before the @";
	if (local[0] == '"')
		return "has a quoted part before the @";
	for (size_t i = 0; i < len; i++)
	{
		if (local[i] == '.')
		{
			if (i == 0 || i == len - 1 || local[i - 1] == '.')
				return "has a misplaced dot before the @";
		}
		else if (!brim_address_is_atext(local[i]))
			return "contains a character that is not allowed before the @";
	}
	return NULL;
}

static const char *
check_domain(const char *domain, size_t len)
{
	size_t start = 0;
	bool   dotted = false;
	bool   numeric = true;

	if (len == 0)
		return "has nothing after the @";
	if (domain[0] == '[')
		return "has an address literal instead of a host name";
	for (size_t i = 0; i <= len; i++)
	{
		if (i < len && domain[i] != '.')
		{
			if (!is_alnum((unsigned char) domain[i]) && domain[i] != '-')
				return "contains a character that is not allowed in a host name";
			if (domain[i] < '0' || domain[i] > '9')
				numeric = false;
			continue;
		}
		if (i == start)
			return "has a misplaced dot in the host name";
		if (i - start > MAX_LABEL)
			return "has a part of more than 63 bytes in the host name";
		if (domain[start] == '-' || domain[i - 1] == '-')
			return "has a misplaced hyphen in the host name";
		if (i < len)
		{
			dotted = true;
			numeric = true;
			start = i + 1;
		}
	}
	if (!dotted)
		return "has a host name without a dot";
	if (numeric)
		return "has a host name that ends in a number";
	return NULL;
}

bool
brim_address_check(BrimStr address, const char **why)
{
	const char *at;
	const char *problem;

	if (address.data == NULL || address.len == 0)
		problem = "is empty";
	else if (address.len > MAX_ADDRESS)
		problem = "has more than 254 bytes";
	else if ((problem = check_bytes(address)) != NULL)
		;
	else if ((at = memchr(address.data, '@', address.len)) == NULL)
		problem = "has no @";
	else
	{
		size_t local = (size_t) (at - address.data);

		if (memchr(at + 1, '@', address.len - local - 1) != NULL)
			problem = "has more than one @";
		else if ((problem = check_local(address.data, local)) == NULL)
			problem = check_domain(at + 1, address.len - local - 1);
	}
	if (why != NULL)
		*why = problem;
	return problem == NULL;
}
