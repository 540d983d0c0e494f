/*-------------------------------------------------------------------------
 *
 * model_load.c
 *	  Read a scoring model from its tables; see internal.h.
 *
 * The tables are scanned like catalogs, without SPI: that asks for no
 * privilege, runs in parallel workers, and sees the newest committed rows
 * whatever snapshot the transaction has.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "pg/row/row.h"
#include "pg/score/internal.h"

/* The model that is the default until another one is made it. */
#define SHIPPED_DEFAULT "balanced"

/*
 * Which version of a model is published: the one that was chosen, else the
 * newest that brim brings along; 0 where there is neither.
 */
static int
published_version(const BrimModelTables *tables, const char *name, bool *exists)
{
	Relation    rel = table_open(tables->published, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   row;
	int         version = 0;

	brim_model_key_name(&key, rel, "name", name);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	if (HeapTupleIsValid(row = systable_getnext(scan)))
		version = brim_columns_int(rel, row, "version");
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	*exists = version > 0;
	if (version > 0)
		return version;

	rel = table_open(tables->model, AccessShareLock);
	brim_model_key_name(&key, rel, "name", name);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		*exists = true;
		if (brim_columns_bool(rel, row, "is_shipped"))
			version = Max(version, brim_columns_int(rel, row, "version"));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version;
}

/* The name of the default model. */
static const char *
default_model(const BrimModelTables *tables)
{
	Relation    rel = table_open(tables->published, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	const char *name = SHIPPED_DEFAULT;
	HeapTuple   row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		if (brim_columns_bool(rel, row, "is_default"))
			name = brim_columns_text(rel, row, "name").data;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return name;
}

/* Read a version from its row and from what its kind has beside. */
static BrimModelDef *
read_version(const BrimModelTables *tables, const char *name, int version, Relation rel,
			 HeapTuple row)
{
	BrimStr         kind_name = brim_columns_text(rel, row, "kind");
	const BrimKind *kind = brim_kind_find(kind_name);
	BrimModelDef   *def;

	if (kind == NULL)
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("version %d of scoring model \"%s\" is of a kind that this library does not "
					   "know: %s",
					   version, name, kind_name.data),
				errhint("Install the library of the version that the extension was updated to."));
	def = kind->start();
	def->scorer = kind->scorer;
	def->name = brim_str(name);
	def->version = version;
	def->high_above = brim_columns_int(rel, row, "high_above");
	def->medium_above = brim_columns_int(rel, row, "medium_above");
	def->qualified_above = brim_columns_int(rel, row, "qualified_above");
	kind->load(def, tables, name, rel, row);
	return def;
}

BrimModelDef *
brim_model_load(const BrimModelTables *tables, const char *name, int version)
{
	BrimModelDef *def = NULL;
	Relation      rel;
	ScanKeyData   keys[2];
	SysScanDesc   scan;
	HeapTuple     row;
	bool          exists = false;

	if (name == NULL)
		name = default_model(tables);
	if (version == 0)
		version = published_version(tables, name, &exists);
	if (version == 0 && exists)
		ereport(
			ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
			errmsg("scoring model \"%s\" has no published version", name),
			errhint("Publish it with SELECT brim_publish_model(%s).", quote_literal_cstr(name)));

	rel = table_open(tables->model, AccessShareLock);
	brim_model_key_version(keys, rel, "name", name, version);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 2, keys);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
		def = read_version(tables, name, version, rel, row);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (def == NULL && version == 0)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
				errmsg("scoring model \"%s\" does not exist", name),
				errhint("The view brim.model_spec lists the models."));
	if (def == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
				errmsg("version %d of scoring model \"%s\" does not exist", version, name),
				errhint("The view brim.model_spec lists the models and their versions."));
	return def;
}
