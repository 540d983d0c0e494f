/*-------------------------------------------------------------------------
 *
 * legacy.c
 *	  C functions that the SQL of earlier versions names and today's does not.
 *
 * CREATE FUNCTION fails for a symbol that the library lacks, and pg_upgrade
 * creates the functions of whatever version is installed.  Each works as before,
 * so that the old SQL does until ALTER EXTENSION brim UPDATE.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

/* Keep the name that a function had. */
#define BRIM_LEGACY(old_name, name)                                                                \
	extern Datum name(PG_FUNCTION_ARGS);                                                           \
	BRIM_FUNCTION(old_name);                                                                       \
	Datum old_name(PG_FUNCTION_ARGS)                                                               \
	{                                                                                              \
		return name(fcinfo);                                                                       \
	}

/* 0.1.0 */
BRIM_LEGACY(brim_place, brim_installation)
