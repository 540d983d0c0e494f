/*-------------------------------------------------------------------------
 *
 * prepared.h
 *	  Transactions in two phases: workers hear of COMMIT PREPARED, too.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_PREPARED_H
#define BRIM_PG_SERVER_PREPARED_H

extern void brim_prepared_init(void); /* while preloading only */

#endif /* BRIM_PG_SERVER_PREPARED_H */
