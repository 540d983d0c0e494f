/*-------------------------------------------------------------------------
 *
 * srf.h
 *	  What the files of the SQL-callable functions share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_SRF_H
#define BRIM_PG_SERVER_SRF_H

#ifdef BRIM_NEED_INIT_SRF
extern void brim_srf_init(FunctionCallInfo fcinfo);
#endif

#endif /* BRIM_PG_SERVER_SRF_H */
