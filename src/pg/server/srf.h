/*-------------------------------------------------------------------------
 *
 * api.h
 *	  What the files of the SQL-callable functions share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_API_API_H
#define BRIM_API_API_H

#ifdef BRIM_NEED_INIT_SRF
extern void brim_init_srf(FunctionCallInfo fcinfo);
#endif

#endif /* BRIM_API_API_H */
