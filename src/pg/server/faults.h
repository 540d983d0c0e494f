/*-------------------------------------------------------------------------
 *
 * faults.h
 *	  Fault points: places where tests let the process die, fail or stall.
 *
 * They exist only in a library built with -DBRIM_FAULTS; in any other they are
 * nothing.  A point looks for the file "brim_fault" in the data directory.
 * When the file's line names it, the file is removed (so a fault happens once)
 * and the process does what the line says:
 *
 *		point action [argument]
 *
 *	kill9			SIGKILL to itself
 *	exit			proc_exit(1)
 *	error			raises an error
 *	sleep ms		sleeps, deaf to interrupts
 *	stop			SIGSTOP to itself
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_FAULTS_H
#define BRIM_PG_SERVER_FAULTS_H

#ifdef BRIM_FAULTS
extern void brim_fault_point(const char *name);
#define BRIM_FAULT(name) brim_fault_point(name)
#else
#define BRIM_FAULT(name) ((void) 0)
#endif

#endif /* BRIM_PG_SERVER_FAULTS_H */
