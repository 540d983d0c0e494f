/*-------------------------------------------------------------------------
 *
 * test_address.c
 *	  What brim accepts as an e-mail address.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "core/mail/address.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static bool
accepts(const char *data, size_t len)
{
	const char *why = "unset";
	BrimStr     address = {data, len};
	bool        ok = brim_address_check(address, &why);

	/* a refusal always says why, an acceptance never does */
	return ok == (why == NULL) && ok && brim_address_check(address, NULL);
}

static void
test_good(void)
{
	static const char *const good[] = {
		"a@b.co",
		"anna.maria@example.com",
		"o'brien+brim@sub.example.co.uk",
		"!#$%&'*+-/=?^_`{|}~@example.com",
		"x@1-2.example",
		"a@xn--mnchen-3ya.example",
		"a@9.example",
		"A.B.C@EXAMPLE.ORG",
		L63 "g@example.com",
		"a@" L63 ".example",
		"a@" L63 "." L63 "." L63 ".example.aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeff",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		unit_ok(accepts(good[i], strlen(good[i])), "accepted: %s", good[i]);
}

static void
test_bad(void)
{
	static const struct
	{
		const char *address;
		const char *why;
	} bad[] = {
		{"", "is empty"},
		{"anna", "has no @"},
		{"@example.com", "has nothing before the @"},
		{"anna@", "has nothing after the @"},
		{"a@b@example.com", "has more than one @"},
		{"anna@localhost", "has a host name without a dot"},
		{"anna@[127.0.0.1]", "has an address literal instead of a host name"},
		{"anna@127.0.0.1", "has a host name that ends in a number"},
		{"anna@example..com", "has a misplaced dot in the host name"},
		{"anna@.example.com", "has a misplaced dot in the host name"},
		{"anna@example.com.", "has a misplaced dot in the host name"},
		{"anna@-example.com", "has a misplaced hyphen in the host name"},
		{"anna@example-.com", "has a misplaced hyphen in the host name"},
		{"anna@exa_mple.com", "contains a character that is not allowed in a host name"},
		{".anna@example.com", "has a misplaced dot before the @"},
		{"anna.@example.com", "has a misplaced dot before the @"},
		{"an..na@example.com", "has a misplaced dot before the @"},
		{"\"anna\"@example.com", "has a quoted part before the @"},
		{"an,na@example.com", "contains a character that is not allowed before the @"},
		{"an(na)@example.com", "contains a character that is not allowed before the @"},
		{"an\\na@example.com", "contains a character that is not allowed before the @"},
		{"anna @example.com", "contains a space"},
		{" anna@example.com", "contains a space"},
		{"anna@example.com ", "contains a space"},
		{"<anna@example.com>", "contains an angle bracket"},
		{"anna@example.com>", "contains an angle bracket"},
		{"anna@example.com\r\nRCPT TO:<eve@example.com>", "contains a control character"},
		{"anna@example.com\n", "contains a control character"},
		{"an\tna@example.com", "contains a control character"},
		{"an\x7Fna@example.com", "contains a control character"},
		{"j\xC3\xBCrgen@example.com", "contains a character that is not ASCII"},
		{"anna@m\xC3\xBCnchen.example", "contains a character that is not ASCII"},
		{L63 "gg@example.com", "has more than 64 bytes before the @"},
		{"a@" L63 "g.example", "has a part of more than 63 bytes in the host name"},
		{"a@" L63 "." L63 "." L63 ".example.aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefff",
		 "has more than 254 bytes"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		const char *why = NULL;

		brim_address_check(brim_str(bad[i].address), &why);
		unit_is_text(why, bad[i].why, "refused, case %zu", i + 1);
	}
}

/* Every single byte in either part is refused unless RFC 5321 lists it. */
static void
test_bytes(void)
{
	int local_wrong = 0;
	int domain_wrong = 0;

	for (int c = 0; c < 256; c++)
	{
		char local[] = "axb@example.com";
		char domain[] = "a@exaxmple.com";
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool atext = alnum || (c > 0 && c < 127 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);

		local[1] = (char) c;
		domain[5] = (char) c;
		local_wrong += accepts(local, sizeof(local) - 1) != (atext || c == '.');
		domain_wrong += accepts(domain, sizeof(domain) - 1) != (alnum || c == '-' || c == '.');
	}
	unit_is_int(local_wrong, 0, "each of 256 bytes before the @ is judged as RFC 5321 says");
	unit_is_int(domain_wrong, 0, "each of 256 bytes in the host name is judged as RFC 5321 says");
}

int
main(void)
{
	BrimStr     none = {NULL, 0};
	const char *why;

	test_good();
	test_bad();
	test_bytes();
	unit_ok(!brim_address_check(none, &why), "a missing address is refused");
	unit_ok(!accepts("anna@example.com\0", 17), "a NUL at the end is refused");
	return unit_done();
}
