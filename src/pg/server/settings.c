/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The brim.* settings, one table: what each means and may be.
 *
 * Everything the worker reads is PGC_SIGHUP: one place (postgresql.conf or
 * ALTER SYSTEM, so a superuser) decides, a reload is enough, and no session,
 * role or database can point the worker somewhere else.  Secrets are read from
 * files; a setting holds a path at most.
 *
 * The table is the only place of a default: variables are set from it when the
 * library is loaded, and the tables of docs/configuration.md are generated from
 * it (make settings-doc).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <fcntl.h>
#include <unistd.h>

#include "storage/fd.h"
#include "utils/guc_tables.h"

#include "pg/server/settings.h"
#include "pg/server/settings_check.h"
#include "pg/server/shared.h"

#define MAX_SECRET 4096

/* Worker */
char *brim_databases;
char *brim_worker_role;
int   brim_workers;
int   brim_after_promotion;
bool  brim_generate;
bool  brim_classify;
bool  brim_send;
int   brim_shutdown_grace;

/* Gemini */
char *brim_gemini_api_key_file;
char *brim_gemini_model;
char *brim_gemini_url;
int   brim_gemini_connections;
int   brim_gemini_timeout;

/* Sending */
int   brim_batch_size;
int   brim_send_interval;
char *brim_smtp_url;
char *brim_smtp_username;
char *brim_smtp_password_file;
int   brim_smtp_connections;
int   brim_smtp_timeout;
char *brim_helo_name;
char *brim_outbox_directory;

/* Gemini and sending */
char *brim_ca_file;

/* Reports */
char *brim_report_timezone;

static const struct config_enum_entry after_promotion_options[] = {
	{"hold", BRIM_AFTER_PROMOTION_HOLD, false},
	{"resume", BRIM_AFTER_PROMOTION_RESUME, false},
	{NULL, 0, false},
};

typedef struct Setting
{
	/* Name, and the heading of docs/configuration.md that it belongs below */
	const char *name;
	const char *section;

	/* Value */
	enum config_type type; /* says which of the fields below are used */
	bool            *boolean;
	int             *integer; /* of an enum, too */
	char           **string;
	int              boot; /* of a boolean and an enum, too */
	const char      *boot_string;
	int              min;
	int              max;
	bool             is_path; /* names a file or directory */

	const struct config_enum_entry *options;
	GucStringCheckHook              check;

	/* Who may set it, and flags: unit, list, visibility */
	GucContext context;
	int        flags;

	/* What it does: a phrase, then sentences; see pg_settings */
	const char *description;
	const char *details;
} Setting;

/* clang-format off */
static const Setting settings[] = {
	{
		.name = "brim.databases", .section = "Worker",
		.type = PGC_STRING, .string = &brim_databases, .boot_string = "", .check = brim_settings_check_databases,
		.context = PGC_SIGHUP, .flags = GUC_LIST_INPUT,
		.description = "Databases in which a worker runs.",
		.details =
			"Separated by commas, at most 64; names with spaces in double quotes. Empty: none.",
	},
	{
		.name = "brim.worker_role", .section = "Worker",
		.type = PGC_STRING, .string = &brim_worker_role, .boot_string = "",
		.context = PGC_SIGHUP,
		.description = "Role as which all workers run.",
		.details =
			"It needs LOGIN and the rights of brim_grant(role, 'worker') in each database; a "
			"superuser is refused. Empty: no worker starts.",
	},
	{
		.name = "brim.workers", .section = "Worker",
		.type = PGC_INT, .integer = &brim_workers, .boot = 1, .min = 1, .max = BRIM_MAX_WORKERS,
		.context = PGC_SIGHUP,
		.description = "Worker processes per database, which share its work.",
		.details =
			"Each needs one of max_worker_processes, makes connections of its own "
			"(brim.smtp_connections, brim.gemini_connections), and keeps to the common pace. "
			"One is enough for most; there are at most 64 in all.",
	},
	{
		.name = "brim.after_promotion", .section = "Worker",
		.type = PGC_ENUM, .integer = &brim_after_promotion, .boot = BRIM_AFTER_PROMOTION_HOLD, .options = after_promotion_options,
		.context = PGC_SIGHUP,
		.description = "What the workers of a promoted standby do.",
		.details =
			"hold: they wait for brim_arm(). resume: they go on by themselves if the standby "
			"has confirmed every e-mail before it went out.",
	},
	{
		.name = "brim.generate", .section = "Worker",
		.type = PGC_BOOL, .boolean = &brim_generate,
		.context = PGC_SIGHUP,
		.description = "Lets the worker write e-mails.",
		.details = "A kill switch: off stops new requests at once; those under way end.",
	},
	{
		.name = "brim.classify", .section = "Worker",
		.type = PGC_BOOL, .boolean = &brim_classify,
		.context = PGC_SIGHUP,
		.description = "Lets the worker have Gemini classify texts about leads.",
		.details = "A kill switch: off stops new requests at once; those under way end.",
	},
	{
		.name = "brim.send", .section = "Worker",
		.type = PGC_BOOL, .boolean = &brim_send,
		.context = PGC_SIGHUP,
		.description = "Lets the worker send e-mails.",
		.details =
			"A kill switch: off stops claiming at once; the relay's answer to what it was given "
			"is awaited.",
	},
	{
		.name = "brim.shutdown_grace", .section = "Worker",
		.type = PGC_INT, .integer = &brim_shutdown_grace, .boot = 10, .min = 0, .max = 600,
		.context = PGC_SIGHUP, .flags = GUC_UNIT_S,
		.description =
			"How long a stopping worker waits for the relay's answer to e-mails already handed "
			"over.",
		.details = "What is unanswered then becomes uncertain.",
	},
	{
		.name = "brim.gemini_api_key_file", .section = "Gemini",
		.type = PGC_STRING, .string = &brim_gemini_api_key_file, .boot_string = "", .is_path = true,
		.context = PGC_SIGHUP, .flags = GUC_SUPERUSER_ONLY,
		.description = "File that holds the Gemini API key in its first line.",
		.details =
			"The server must be able to read it. Empty: e-mails are written from brim.template, "
			"and no text is classified. Only superusers and members of pg_read_all_settings see "
			"it.",
	},
	{
		.name = "brim.gemini_model", .section = "Gemini",
		.type = PGC_STRING, .string = &brim_gemini_model, .boot_string = "gemini-3.5-flash-lite", .check = brim_settings_check_gemini_model,
		.context = PGC_SIGHUP,
		.description = "Gemini model that writes and classifies.",
		.details = "Letters, digits, dots, hyphens and underscores.",
	},
	{
		.name = "brim.gemini_url", .section = "Gemini",
		.type = PGC_STRING, .string = &brim_gemini_url, .boot_string = "https://generativelanguage.googleapis.com", .check = brim_settings_check_gemini_url,
		.context = PGC_SIGHUP,
		.description = "Address of the Gemini API.",
		.details = "Plain http:// is accepted for a loopback address only.",
	},
	{
		.name = "brim.gemini_connections", .section = "Gemini",
		.type = PGC_INT, .integer = &brim_gemini_connections, .boot = 4, .min = 1, .max = 128,
		.context = PGC_SIGHUP,
		.description = "Requests that write e-mails under way at once, in each worker.",
		.details = "Classification has half as many of its own, at least one.",
	},
	{
		.name = "brim.gemini_timeout", .section = "Gemini",
		.type = PGC_INT, .integer = &brim_gemini_timeout, .boot = 60, .min = 1, .max = 600,
		.context = PGC_SIGHUP, .flags = GUC_UNIT_S,
		.description = "Longest time one request to Gemini may take.",
	},
	{
		.name = "brim.batch_size", .section = "Sending e-mails",
		.type = PGC_INT, .integer = &brim_batch_size, .boot = 5, .min = 1, .max = 100000,
		.context = PGC_SIGHUP,
		.description = "E-mails sent per brim.send_interval.",
	},
	{
		.name = "brim.send_interval", .section = "Sending e-mails",
		.type = PGC_INT, .integer = &brim_send_interval, .boot = 60, .min = 0, .max = 86400,
		.context = PGC_SIGHUP, .flags = GUC_UNIT_S,
		.description = "Time between two batches.",
		.details =
			"0: no limit, as fast as it goes. The time of the last batch is kept in brim.node, "
			"so a restart does not begin a new one.",
	},
	{
		.name = "brim.smtp_url", .section = "Sending e-mails",
		.type = PGC_STRING, .string = &brim_smtp_url, .boot_string = "", .check = brim_settings_check_smtp_url,
		.context = PGC_SIGHUP,
		.description = "Mail relay, as smtp://host:port or smtps://host:port.",
		.details =
			"With smtp:// the relay must offer STARTTLS, except on localhost, 127.x.x.x and "
			"[::1]; smtps:// is TLS from the start. No user name or password in it. Empty: "
			"messages go to brim.outbox_directory.",
	},
	{
		.name = "brim.smtp_username", .section = "Sending e-mails",
		.type = PGC_STRING, .string = &brim_smtp_username, .boot_string = "",
		.context = PGC_SIGHUP, .flags = GUC_SUPERUSER_ONLY,
		.description = "User name at the relay.",
		.details =
			"Empty: no login. Only superusers and members of pg_read_all_settings see it.",
	},
	{
		.name = "brim.smtp_password_file", .section = "Sending e-mails",
		.type = PGC_STRING, .string = &brim_smtp_password_file, .boot_string = "", .is_path = true,
		.context = PGC_SIGHUP, .flags = GUC_SUPERUSER_ONLY,
		.description = "File that holds the password at the relay in its first line.",
		.details =
			"The server must be able to read it. Only superusers and members of "
			"pg_read_all_settings see it.",
	},
	{
		.name = "brim.smtp_connections", .section = "Sending e-mails",
		.type = PGC_INT, .integer = &brim_smtp_connections, .boot = 1, .min = 1, .max = 128,
		.context = PGC_SIGHUP,
		.description = "Connections to the relay at once, of each worker.",
		.details = "With 1 the relay gets the e-mails in score order.",
	},
	{
		.name = "brim.smtp_timeout", .section = "Sending e-mails",
		.type = PGC_INT, .integer = &brim_smtp_timeout, .boot = 60, .min = 1, .max = 600,
		.context = PGC_SIGHUP, .flags = GUC_UNIT_S,
		.description = "Longest time that connecting, STARTTLS and login may take.",
	},
	{
		.name = "brim.helo_name", .section = "Sending e-mails",
		.type = PGC_STRING, .string = &brim_helo_name, .boot_string = "", .check = brim_settings_check_helo_name,
		.context = PGC_SIGHUP,
		.description = "Name given in EHLO.",
		.details = "Empty: the host name of the machine.",
	},
	{
		.name = "brim.outbox_directory", .section = "Sending e-mails",
		.type = PGC_STRING, .string = &brim_outbox_directory, .boot_string = "brim_outbox", .is_path = true,
		.context = PGC_SIGHUP,
		.description = "Maildir that gets the messages while brim.smtp_url is empty.",
		.details =
			"Relative to the data directory; made when first used. A message written there "
			"counts as sent.",
	},
	{
		.name = "brim.ca_file", .section = "Sending e-mails",
		.type = PGC_STRING, .string = &brim_ca_file, .boot_string = "", .is_path = true,
		.context = PGC_SIGHUP,
		.description =
			"File of certificates (PEM) that the relay and the API are checked with.",
		.details = "Empty: those of the system.",
	},
	{
		.name = "brim.report_timezone", .section = "Reports",
		.type = PGC_STRING, .string = &brim_report_timezone, .boot_string = "UTC", .check = brim_settings_check_report_timezone,
		.context = PGC_USERSET,
		.description = "Time zone in which views and KPI functions count days.",
	},
};
/* clang-format on */

static void
define(const Setting *s)
{
	switch (s->type)
	{
		case PGC_BOOL:
			DefineCustomBoolVariable(s->name, s->description, s->details, s->boolean, s->boot != 0,
									 s->context, s->flags, NULL, NULL, NULL);
			break;
		case PGC_INT:
			DefineCustomIntVariable(s->name, s->description, s->details, s->integer, s->boot,
									s->min, s->max, s->context, s->flags, NULL, NULL, NULL);
			break;
		case PGC_STRING:
			DefineCustomStringVariable(s->name, s->description, s->details, s->string,
									   s->boot_string, s->context, s->flags, s->check, NULL, NULL);
			break;
		case PGC_ENUM:
			DefineCustomEnumVariable(s->name, s->description, s->details, s->integer, s->boot,
									 s->options, s->context, s->flags, NULL, NULL, NULL);
			break;
		case PGC_REAL:
			Assert(false); /* there is none */
			break;
	}
}

void
brim_settings_init(void)
{
	for (size_t i = 0; i < lengthof(settings); i++)
		define(&settings[i]);
	MarkGUCPrefixReserved("brim");
}

const char *
brim_settings_path(const char *name)
{
	for (size_t i = 0; i < lengthof(settings); i++)
		if (settings[i].is_path && strcmp(settings[i].name, name) == 0)
			return *settings[i].string;
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
