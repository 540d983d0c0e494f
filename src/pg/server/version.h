/*-------------------------------------------------------------------------
 *
 * version.h
 *	  Whether the SQL installed in this database fits the library.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_VERSION_H
#define BRIM_PG_SERVER_VERSION_H

/*
 * Raise an error if another version of brim's SQL is installed than the one the
 * library was built for.  Does nothing where brim is not installed, and while an
 * extension script runs.  Reads a row of pg_extension: call it where a cache is
 * filled, not for each row.
 */
extern void brim_version_check(void);

/*
 * For the worker: return true if brim's SQL is installed and fits.  Logs, once
 * for each version found, why another one does not.
 */
extern bool brim_version_fits(void);

#endif /* BRIM_PG_SERVER_VERSION_H */
