/*-------------------------------------------------------------------------
 *
 * jobs.h
 *	  What the room offers: the jobs of a worker.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_JOBS_JOBS_H
#define BRIM_WORKER_JOBS_JOBS_H

#include "worker/jobs/delivery.h"
#include "worker/pipeline.h"
#include "worker/slots.h"

/* Jobs that are pipelines */
extern BrimPipeline *const brim_classify_job;
extern BrimPipeline *const brim_draft_job;
extern BrimPipeline *const brim_send_job;

/* A job without slots */
extern const BrimJobOps brim_lead_events_job;

/* How e-mails travel */
extern const BrimTransport brim_transport_relay;
extern const BrimTransport brim_transport_outbox;

/* The entry point of a worker process, called by name. */
extern PGDLLEXPORT void brim_jobs_main(Datum arg);

#endif /* BRIM_WORKER_JOBS_JOBS_H */
