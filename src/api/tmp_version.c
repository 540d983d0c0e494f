/* UNTIL THE MERGE: 'name@version' where a model is named, without src/db/model.c. */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/site.h"
#include "api/tmp_version.h"

/* The last few that were asked for in this command. */
static struct
{
	char        name[128];
	Jsonb      *spec;
	CommandId   command;
	TimestampTz statement;
} cache[4];
static int next;

Jsonb *
brim_tmp_version_spec(const char *name)
{
	Oid    type = TEXTOID;
	Datum  arg = CStringGetTextDatum(name);
	bool   isnull;
	Jsonb *found;

	for (int i = 0; i < lengthof(cache); i++)
	{
		if (cache[i].spec != NULL && strcmp(cache[i].name, name) == 0 &&
			cache[i].command == GetCurrentCommandId(false) &&
			cache[i].statement == GetCurrentStatementStartTimestamp())
			return cache[i].spec;
	}
	SPI_connect();
	if (SPI_execute_with_args("SELECT spec FROM brim.model_spec WHERE name || '@' || version = $1",
							  1, &type, &arg, NULL, true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
				errmsg("scoring model \"%s\" does not exist", name),
				errhint("The view brim.model_spec lists the models."));
	found = DatumGetJsonbP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	next = (next + 1) % lengthof(cache);
	cache[next].spec = (Jsonb *) MemoryContextAlloc(TopMemoryContext, VARSIZE(found));
	memcpy(cache[next].spec, found, VARSIZE(found));
	SPI_finish();
	strlcpy(cache[next].name, name, sizeof(cache[next].name));
	cache[next].command = GetCurrentCommandId(false);
	cache[next].statement = GetCurrentStatementStartTimestamp();
	return cache[next].spec;
}
