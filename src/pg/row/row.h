/*-------------------------------------------------------------------------
 *
 * row.h
 *	  What the room offers: rows and columns of tables as values of the core.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_ROW_ROW_H
#define BRIM_PG_ROW_ROW_H

#include "pg/row/columns.h"
#include "pg/row/language.h"
#include "pg/row/memory.h"
#include "pg/row/record.h"

#endif /* BRIM_PG_ROW_ROW_H */
