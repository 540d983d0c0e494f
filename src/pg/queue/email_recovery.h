/*-------------------------------------------------------------------------
 *
 * email_recovery.h
 *	  The sending queue after a worker's death.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_EMAIL_RECOVERY_H
#define BRIM_PG_QUEUE_EMAIL_RECOVERY_H

/*
 * What the predecessors that held this worker number left behind: claimed
 * goes back to the queue (and is held as poison after two unclean deaths),
 * committing becomes uncertain.
 */
extern int brim_email_recovery_run(int64 token, int number, bool clean);

/*
 * Give back what this process has claimed without knowing it: an error may come
 * after the commit.  held are the e-mails that it knows.
 */
extern void
brim_email_recovery_release_forgotten(int64 token, int number, const int64 *held, int n);

#endif /* BRIM_PG_QUEUE_EMAIL_RECOVERY_H */
