/*-------------------------------------------------------------------------
 *
 * faults.c
 *	  Fault points; see faults.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/server/faults.h"

#ifdef BRIM_FAULTS

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/ipc.h"

#define FAULT_FILE "brim_fault"

/* The line of the file as words; false without a file that names this point. */
static bool
read_fault(const char *name, char *action, int *argument)
{
	char    line[256];
	char    point[64];
	int     fd = open(FAULT_FILE, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (len <= 0)
		return false;
	line[len] = '\0';
	*argument = 0;
	return sscanf(line, "%63s %31s %d", point, action, argument) >= 2 && strcmp(point, name) == 0;
}

void
brim_fault_point(const char *name)
{
	int  save_errno = errno;
	char action[32];
	int  argument;

	/* of several processes at the same point the one that removes the file has the fault */
	if (!read_fault(name, action, &argument) || unlink(FAULT_FILE) != 0)
	{
		errno = save_errno;
		return;
	}
	ereport(LOG, (errmsg("brim fault point \"%s\": %s", name, action)));
	if (strcmp(action, "kill9") == 0)
		kill(MyProcPid, SIGKILL);
	else if (strcmp(action, "stop") == 0)
		kill(MyProcPid, SIGSTOP);
	else if (strcmp(action, "exit") == 0)
		proc_exit(1);
	else if (strcmp(action, "sleep") == 0)
	{
		for (int i = 0; i < argument; i++)
			pg_usleep(1000L);
	}
	else if (strcmp(action, "error") == 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("brim fault point \"%s\"", name)));
	errno = save_errno;
}

#endif /* BRIM_FAULTS */
