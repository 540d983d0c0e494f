/*-------------------------------------------------------------------------
 *
 * exit_mark.c
 *	  How the last process of a worker's number ended; see exit_mark.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_perm.h"
#include "libpq/pqsignal.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"

#include "pg/server/exit_mark.h"

static char own_path[64]; /* relative to the data directory, where we are */
static int  own_number = 0;
static bool own_found = false;

static emit_log_hook_type prev_emit_log_hook = NULL;

static void
set_path(char *path, size_t size, int number)
{
	snprintf(path, size, "pg_stat/brim_exit.%u.%d", MyDatabaseId, number);
}

/* Safe in a signal handler. */
static void
leave(void)
{
	int fd = open(own_path, O_WRONLY | O_CREAT, pg_file_create_mode);

	if (fd >= 0)
		close(fd);
}

/* Another process has crashed, or the server stops at once. */
static void
on_quit(SIGNAL_ARGS)
{
	leave();
	SignalHandlerForCrashExit(postgres_signal_arg);
}

/* A panic is the server's, such as a full disk for WAL, and not of what we work on. */
static void
on_log(ErrorData *error)
{
	if (error->elevel >= PANIC)
		leave();
	if (prev_emit_log_hook != NULL)
		prev_emit_log_hook(error);
}

static void
on_exit_well(int code, Datum arg)
{
	leave();
}

void
brim_exit_mark_begin(int number)
{
	set_path(own_path, sizeof(own_path), number);
	own_number = number;
	own_found = (unlink(own_path) == 0);
	pqsignal(SIGQUIT, on_quit);
	prev_emit_log_hook = emit_log_hook;
	emit_log_hook = on_log;
	on_shmem_exit(on_exit_well, (Datum) 0);
}

bool
brim_exit_mark_found(int number)
{
	char path[64];

	if (number == own_number)
		return own_found;
	set_path(path, sizeof(path), number);
	return access(path, F_OK) == 0;
}
