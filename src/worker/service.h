/*-------------------------------------------------------------------------
 *
 * service.h
 *	  Something beyond this server that a job needs: its breaker, its report.
 *
 * Both are known by the service's name: the breaker is common to all workers of
 * the database (pg/server/breaker.h), the report is a row of brim.component.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_SERVICE_H
#define BRIM_WORKER_SERVICE_H

#include "pg/server/server.h"

typedef struct BrimService
{
	const char *name;

	/* What is reported while nothing is wrong */
	const char *well; /* state */
	const char *well_detail;

	/* The report */
	bool is_new;    /* not written yet */
	char state[32]; /* empty: nothing was reported yet */
	char detail[512];
} BrimService;

/* Settings were read: report that all is well as far as is known, or a problem. */
extern void brim_service_reload(BrimService *service, const char *problem);

/* It has answered, whatever it said: that closes the breaker. */
extern void brim_service_answered(BrimService *service);

/* It is at fault: leave it alone for a while that grows, or as long as it says. */
extern void brim_service_fault(BrimService *service, const char *why);
extern void
brim_service_pause(BrimService *service, int seconds, const char *what, const char *why);

/* Inside a transaction, if is_new; after its commit comes written(). */
extern void brim_service_write(const BrimService *service);
extern void brim_service_written(BrimService *service);

#endif /* BRIM_WORKER_SERVICE_H */
