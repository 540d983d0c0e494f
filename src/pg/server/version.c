/*-------------------------------------------------------------------------
 *
 * version.c
 *	  Whether the SQL installed in this database fits the library.
 *
 * BRIM_VERSION comes from brim.control by way of the Makefile.  Until ALTER
 * EXTENSION brim UPDATE has run, tables and functions are those of the version
 * before: what scores or writes raises one error then, and workers wait.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "pg/server/version.h"

#define VERSION_MAX 64

BRIM_FUNCTION(brim_library_version);

/* Copy the version of the installed SQL; return false where there is none. */
static bool
get_installed(char *version)
{
	Relation    rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   row;

	version[0] = '\0';
	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("brim"));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
	{
		bool  isnull;
		Datum value =
			heap_getattr(row, Anum_pg_extension_extversion, RelationGetDescr(rel), &isnull);

		if (!isnull)
			strlcpy(version, TextDatumGetCString(value), VERSION_MAX);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version[0] != '\0';
}

/* Return true if the library is newer than the SQL, comparing number by number. */
static bool
is_newer_than(const char *installed)
{
	const char *library = BRIM_VERSION;

	for (;;)
	{
		char *library_end;
		char *installed_end;
		long  a = strtol(library, &library_end, 10);
		long  b = strtol(installed, &installed_end, 10);

		if (a != b)
			return a > b;
		if (*library_end != '.' || *installed_end != '.')
			return *library_end == '.';
		library = library_end + 1;
		installed = installed_end + 1;
	}
}

static void
report(int elevel, const char *installed)
{
	ereport(elevel, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("extension \"brim\" is installed in version %s, but its library has version %s",
				   installed, BRIM_VERSION),
			is_newer_than(installed)
				? errhint("Run ALTER EXTENSION brim UPDATE in this database.")
				: errhint("Install the library of version %s and restart the server.", installed));
}

void
brim_version_check(void)
{
	char installed[VERSION_MAX];

	if (!creating_extension && get_installed(installed) && strcmp(installed, BRIM_VERSION) != 0)
		report(ERROR, installed);
}

bool
brim_version_fits(void)
{
	static char reported[VERSION_MAX] = "";
	char        installed[VERSION_MAX];

	if (!get_installed(installed))
		return false;
	if (strcmp(installed, BRIM_VERSION) == 0)
		return true;
	if (strcmp(installed, reported) != 0)
	{
		strlcpy(reported, installed, sizeof(reported));
		report(WARNING, installed);
	}
	return false;
}

/* brim.library_version() */
Datum
brim_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(BRIM_VERSION));
}
