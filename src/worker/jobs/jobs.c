/*-------------------------------------------------------------------------
 *
 * jobs.c
 *	  The worker process of one database, and which jobs it runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "worker/jobs/jobs.h"

void
brim_jobs_main(Datum arg)
{
	BrimJob jobs[] = {
		{&brim_pipeline_job, brim_classify_job},
		{&brim_lead_events_job, NULL},
		{&brim_pipeline_job, brim_draft_job},
		{&brim_pipeline_job, brim_send_job},
	};

	brim_loop_run(arg, jobs, lengthof(jobs));
}
