/*-------------------------------------------------------------------------
 *
 * settings_check.c
 *	  Check hooks: which values the brim.* settings accept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pgtime.h"
#include "utils/varlena.h"

#include "pg/server/settings_check.h"

/* Return true if url begins with scheme. */
static bool
has_scheme(const char *url, const char *scheme)
{
	return pg_strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* Return true if host, the rest of a URL after the scheme, names this machine. */
static bool
is_loopback(const char *host)
{
	static const char *const names[] = {"localhost", "127.", "[::1]"};

	for (size_t i = 0; i < lengthof(names); i++)
	{
		size_t len = strlen(names[i]);

		if (pg_strncasecmp(host, names[i], len) != 0)
			continue;
		if (names[i][len - 1] == '.')
			return strspn(host, "0123456789.") == strcspn(host, ":/");
		if (host[len] == '\0' || host[len] == ':' || host[len] == '/')
			return true;
	}
	return false;
}

/* Every URL names a host and contains nothing that could hide one, and no secret. */
static bool
check_url(const char *url)
{
	const char *host = strstr(url, "://");

	for (const char *p = url; *p; p++)
	{
		if ((unsigned char) *p <= ' ' || (unsigned char) *p >= 0x7F)
		{
			GUC_check_errdetail(
				"The URL contains a space, a control character or a non-ASCII character.");
			return false;
		}
	}
	if (host == NULL || host[3] == '\0' || host[3] == '/' || host[3] == ':')
	{
		GUC_check_errdetail("The URL names no host.");
		return false;
	}
	if (strchr(url, '@') != NULL)
	{
		GUC_check_errdetail("The URL must hold no user name or password.");
		GUC_check_errhint("Use brim.smtp_username and brim.smtp_password_file.");
		return false;
	}
	return true;
}

bool
brim_settings_check_smtp_url(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || **newval == '\0')
		return true;
	if (!has_scheme(*newval, "smtp://") && !has_scheme(*newval, "smtps://"))
	{
		GUC_check_errdetail(
			"The URL must begin with smtp:// (STARTTLS) or smtps:// (TLS from the start).");
		return false;
	}
	return check_url(*newval);
}

bool
brim_settings_check_gemini_url(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || **newval == '\0')
		return true;
	if (has_scheme(*newval, "http://") && !is_loopback(*newval + strlen("http://")))
	{
		GUC_check_errdetail("Plain http:// is accepted for a loopback address only, since the API "
							"key travels with each request.");
		return false;
	}
	if (!has_scheme(*newval, "https://") && !has_scheme(*newval, "http://"))
	{
		GUC_check_errdetail("The URL must begin with https://.");
		return false;
	}
	return check_url(*newval);
}

/* A model name becomes part of a URL's path. */
bool
brim_settings_check_gemini_model(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || **newval == '\0' ||
		strspn(*newval, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") !=
			strlen(*newval))
	{
		GUC_check_errdetail(
			"A model name consists of letters, digits, dots, hyphens and underscores.");
		return false;
	}
	return true;
}

/* The EHLO name becomes part of a command line. */
bool
brim_settings_check_helo_name(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL ||
		strspn(*newval, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") !=
			strlen(*newval))
	{
		GUC_check_errdetail("A host name consists of letters, digits, dots and hyphens.");
		return false;
	}
	return true;
}

bool
brim_settings_check_databases(char **newval, void **extra, GucSource source)
{
	char *copy;
	List *names = NIL;
	bool  ok;

	if (*newval == NULL)
		return true;
	copy = pstrdup(*newval);
	ok = SplitGUCList(copy, ',', &names);
	list_free(names);
	pfree(copy);
	if (!ok)
		GUC_check_errdetail("List syntax is invalid.");
	return ok;
}

bool
brim_settings_check_report_timezone(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || pg_tzset(*newval) == NULL)
	{
		GUC_check_errdetail("The time zone is not known to the server.");
		return false;
	}
	return true;
}
