/*-------------------------------------------------------------------------
 *
 * company.h
 *	  The key of a company.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_LEAD_COMPANY_H
#define BRIM_PG_LEAD_COMPANY_H

#include "postgres.h"

/* From its domain where that has a host, else from its name; either may be NULL, not both. */
extern text *brim_company_make_id(text *name, text *domain);

#endif /* BRIM_PG_LEAD_COMPANY_H */
