/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The brim.* settings: what they mean, which values they take.
 *
 * Everything the worker reads is PGC_SIGHUP: one place (postgresql.conf or
 * ALTER SYSTEM, so a superuser) decides, a reload is enough, and no session,
 * role or database can point the worker somewhere else.  Secrets are read from
 * files; a setting holds a path at most.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "pgtime.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "pg/server/settings.h"
#include "pg/server/shared.h"

#define MAX_SECRET 4096

/* Worker */
char *brim_databases = NULL;
char *brim_worker_role = NULL;
int   brim_workers = 1;
int   brim_after_promotion = BRIM_AFTER_PROMOTION_HOLD;

static const struct config_enum_entry after_promotion_options[] = {
	{"hold", BRIM_AFTER_PROMOTION_HOLD, false},
	{"resume", BRIM_AFTER_PROMOTION_RESUME, false},
	{NULL, 0, false},
};

/* Generation */
bool  brim_generate = false;
int   brim_generate_connections = 4;
int   brim_generate_timeout = 60;
char *brim_gemini_url = NULL;
char *brim_gemini_model = NULL;
char *brim_gemini_api_key_file = NULL;

/* Classification */
bool brim_classify = false;
int  brim_classify_batch_size = 20;
int  brim_classify_connections = 2;

/* Sending */
bool  brim_send = false;
int   brim_batch_size = 5;
int   brim_send_interval = 60;
int   brim_smtp_connections = 1;
int   brim_smtp_connect_timeout = 60;
int   brim_shutdown_grace = 10;
char *brim_smtp_url = NULL;
char *brim_smtp_username = NULL;
char *brim_smtp_password_file = NULL;
char *brim_helo_name = NULL;
char *brim_outbox_directory = NULL;

/* Both */
char *brim_ca_file = NULL;

/* Reports */
char *brim_report_timezone = NULL;

/* Does url begin with scheme? */
static bool
has_scheme(const char *url, const char *scheme)
{
	return pg_strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* Is the host of url (behind the scheme) this machine by its very name? */
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

/* What every URL must be: a host, and nothing that could hide one or a secret. */
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

static bool
check_smtp_url(char **newval, void **extra, GucSource source)
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

static bool
check_gemini_url(char **newval, void **extra, GucSource source)
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
static bool
check_gemini_model(char **newval, void **extra, GucSource source)
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
static bool
check_helo_name(char **newval, void **extra, GucSource source)
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

static bool
check_databases(char **newval, void **extra, GucSource source)
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

static bool
check_report_timezone(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || pg_tzset(*newval) == NULL)
	{
		GUC_check_errdetail("The time zone is not known to the server.");
		return false;
	}
	return true;
}

static void
define_string(const char *name, const char *description, char **variable, const char *boot,
			  GucContext context, int flags, GucStringCheckHook check)
{
	DefineCustomStringVariable(name, description, NULL, variable, boot, context, flags, check, NULL,
							   NULL);
}

static void
define_int(const char *name, const char *description, int *variable, int boot, int min, int max,
		   int flags)
{
	DefineCustomIntVariable(name, description, NULL, variable, boot, min, max, PGC_SIGHUP, flags,
							NULL, NULL, NULL);
}

static void
define_bool(const char *name, const char *description, bool *variable)
{
	DefineCustomBoolVariable(name, description, NULL, variable, false, PGC_SIGHUP, 0, NULL, NULL,
							 NULL);
}

static void
define_enum(const char *name, const char *description, int *variable, int boot,
			const struct config_enum_entry *options)
{
	DefineCustomEnumVariable(name, description, NULL, variable, boot, options, PGC_SIGHUP, 0, NULL,
							 NULL, NULL);
}

void
brim_settings_init(void)
{
	/* In which databases a worker runs, separated by commas.  Empty: none. */
	define_string("brim.databases", "Databases in which a brim worker runs.", &brim_databases, "",
				  PGC_SIGHUP, GUC_LIST_INPUT, check_databases);

	/* As whom it runs: a role without superuser; see brim_grant(). */
	define_string("brim.worker_role", "Role as which brim's workers run; never a superuser.",
				  &brim_worker_role, "", PGC_SIGHUP, 0, NULL);

	/* How many processes share the work of one database. */
	define_int("brim.workers", "Worker processes per database.", &brim_workers, 1, 1,
			   BRIM_MAX_WORKERS, 0);

	/* resume: a promoted standby goes on if it knows all that was sent. */
	define_enum("brim.after_promotion", "Whether a promoted standby sends by itself.",
				&brim_after_promotion, BRIM_AFTER_PROMOTION_HOLD, after_promotion_options);

	/* Kill switches, off until somebody turns them on. */
	define_bool("brim.generate", "Lets the worker write e-mails.", &brim_generate);
	define_bool("brim.classify", "Lets the worker have texts about leads classified.",
				&brim_classify);
	define_bool("brim.send", "Lets the worker send e-mails.", &brim_send);

	/* Generation: how many requests are under way at once, and for how long. */
	define_int("brim.generate_connections", "Generation requests under way at once.",
			   &brim_generate_connections, 4, 1, 128, 0);
	define_int("brim.generate_timeout", "Longest time a request to Gemini may take.",
			   &brim_generate_timeout, 60, 1, 600, GUC_UNIT_S);
	define_string("brim.gemini_url", "Address of the Gemini API.", &brim_gemini_url,
				  "https://generativelanguage.googleapis.com", PGC_SIGHUP, 0, check_gemini_url);
	define_string("brim.gemini_model", "Gemini model that is asked.", &brim_gemini_model,
				  "gemini-3.5-flash-lite", PGC_SIGHUP, 0, check_gemini_model);
	define_string("brim.gemini_api_key_file",
				  "File that holds the Gemini API key. Without one, templates are used.",
				  &brim_gemini_api_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL);

	/* Classification: how many texts a request holds, how many requests are under way at once. */
	define_int("brim.classify_batch_size", "Texts that one request has classified.",
			   &brim_classify_batch_size, 20, 1, 100, 0);
	define_int("brim.classify_connections", "Classification requests under way at once.",
			   &brim_classify_connections, 2, 1, 32, 0);

	/* Sending: brim.batch_size e-mails every brim.send_interval; 0 lifts the limit. */
	define_int("brim.batch_size", "E-mails sent per brim.send_interval.", &brim_batch_size, 5, 1,
			   100000, 0);
	define_int("brim.send_interval", "Time between two batches; 0 sends as fast as it goes.",
			   &brim_send_interval, 60, 0, 86400, GUC_UNIT_S);
	define_int("brim.smtp_connections", "Connections to the mail relay at once.",
			   &brim_smtp_connections, 1, 1, 128, 0);
	define_int("brim.smtp_timeout", "Longest time connecting and logging in to the relay may take.",
			   &brim_smtp_connect_timeout, 60, 1, 600, GUC_UNIT_S);
	define_int(
		"brim.shutdown_grace",
		"How long a stopping worker waits for the relay's answer to e-mails already handed over.",
		&brim_shutdown_grace, 10, 0, 600, GUC_UNIT_S);

	/*
	 * The relay.  smtp:// demands STARTTLS except to a loopback address,
	 * smtps:// is TLS from the start.  Empty: messages go to the outbox.
	 */
	define_string("brim.smtp_url", "Mail relay, as smtp://host:port or smtps://host:port.",
				  &brim_smtp_url, "", PGC_SIGHUP, 0, check_smtp_url);
	define_string("brim.smtp_username", "User name at the mail relay; empty for no login.",
				  &brim_smtp_username, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL);
	define_string("brim.smtp_password_file", "File that holds the password at the mail relay.",
				  &brim_smtp_password_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL);
	define_string("brim.helo_name", "Name given in EHLO; empty for the machine's host name.",
				  &brim_helo_name, "", PGC_SIGHUP, 0, check_helo_name);
	define_string(
		"brim.outbox_directory",
		"Maildir that receives messages while no relay is set; relative to the data directory.",
		&brim_outbox_directory, "brim_outbox", PGC_SIGHUP, 0, NULL);
	define_string("brim.ca_file",
				  "Certificates that servers are checked with; empty for the system's.",
				  &brim_ca_file, "", PGC_SIGHUP, 0, NULL);

	/* Where a day begins in reports. */
	define_string("brim.report_timezone", "Time zone in which reports count days.",
				  &brim_report_timezone, "UTC", PGC_USERSET, 0, check_report_timezone);

	MarkGUCPrefixReserved("brim");
}

const char *
brim_settings_path(const char *name)
{
	if (strcmp(name, "brim.gemini_api_key_file") == 0)
		return brim_gemini_api_key_file;
	if (strcmp(name, "brim.smtp_password_file") == 0)
		return brim_smtp_password_file;
	if (strcmp(name, "brim.ca_file") == 0)
		return brim_ca_file;
	if (strcmp(name, "brim.outbox_directory") == 0)
		return brim_outbox_directory;
	return NULL;
}

char *
brim_settings_secret(const char *path, char **problem)
{
	char    line[MAX_SECRET + 1];
	int     fd;
	ssize_t len;
	char   *secret;

	*problem = NULL;
	/* not blocking: a named pipe without a writer must not stop the worker for good */
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
	{
		*problem = psprintf("could not open file \"%s\": %m", path);
		return NULL;
	}
	len = read(fd, line, sizeof(line));
	if (len < 0)
		*problem = psprintf("could not read file \"%s\": %m", path);
	CloseTransientFile(fd);
	if (len < 0)
		return NULL;
	if (len > MAX_SECRET)
	{
		explicit_bzero(line, sizeof(line));
		*problem = psprintf("file \"%s\" is longer than %d bytes", path, MAX_SECRET);
		return NULL;
	}
	line[len] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0')
		*problem = psprintf("the first line of file \"%s\" is empty", path);
	for (const char *p = line; *p && *problem == NULL; p++)
		if ((unsigned char) *p < ' ' || *p == 0x7F)
			*problem = psprintf("the first line of file \"%s\" contains a control character", path);
	secret = *problem == NULL ? strdup(line) : NULL;
	explicit_bzero(line, sizeof(line));
	if (secret == NULL && *problem == NULL)
		*problem = pstrdup("out of memory");
	return secret;
}
