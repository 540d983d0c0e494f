/*-------------------------------------------------------------------------
 *
 * transport_outbox.c
 *	  Delivering into the outbox: a Maildir that holds one .eml file a message.
 *
 * The file is written to tmp/ and fsynced before the barrier, and renamed to
 * new/ after it: the rename is the last word, as the final dot is in SMTP.
 * The name is made of e-mail and claim, so what was renamed can be recognised.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_perm.h"
#include "storage/fd.h"
#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/jobs/jobs.h"

typedef struct Letter
{
	char tmp_path[MAXPGPATH];
	char new_path[MAXPGPATH];
	bool is_committed;
	bool is_renamed; /* out of our hands, even if an error ends the turn before that is said */
	bool is_done;
} Letter;

static void
fail(BrimDelivery *delivery, BrimSmtpVerdict verdict, BrimSmtpPhase phase, const char *what,
	 const char *path)
{
	char reply[MAXPGPATH + 200];

	snprintf(reply, sizeof(reply), "%s \"%s\": %s", what, path, strerror(errno));
	brim_delivery_end(delivery, verdict, phase, reply);
}

/* Make the Maildir where it is not there yet. */
static bool
make_maildir(BrimDelivery *delivery)
{
	static const char *const parts[] = {"", "/tmp", "/new", "/cur"};

	for (size_t i = 0; i < lengthof(parts); i++)
	{
		char path[MAXPGPATH];

		snprintf(path, sizeof(path), "%s%s", brim_outbox_directory, parts[i]);
		if (mkdir(path, pg_dir_create_mode) != 0 && errno != EEXIST)
		{
			fail(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_CONNECT,
				 "could not create directory", path);
			return false;
		}
	}
	return true;
}

/* Write and fsync the message; errno says what went wrong. */
static bool
write_file(const char *path, BrimStr message)
{
	int    fd = OpenTransientFile(path, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY);
	size_t done = 0;
	bool   ok = fd >= 0;
	int    save_errno;

	while (ok && done < message.len)
	{
		ssize_t len = write(fd, message.data + done, message.len - done);

		if (len < 0 && errno == EINTR)
			continue;
		if (len == 0)
			errno = ENOSPC;
		ok = len > 0;
		if (ok)
			done += (size_t) len;
	}
	ok = ok && pg_fsync(fd) == 0;
	save_errno = errno;
	if (fd >= 0 && CloseTransientFile(fd) != 0 && ok)
		return false;
	errno = save_errno;
	return ok;
}

/* Make a rename durable. */
static bool
sync_directory(const char *path)
{
	int  fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	bool ok = fd >= 0 && pg_fsync(fd) == 0;
	int  save_errno = errno;

	if (fd >= 0)
		CloseTransientFile(fd);
	errno = save_errno;
	return ok;
}

static void
begin(BrimDelivery *delivery)
{
	Letter *letter = calloc(1, sizeof(Letter));
	char    name[128];

	delivery->transport = letter;
	if (letter == NULL)
	{
		brim_delivery_end(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_CONNECT, "out of memory");
		return;
	}
	letter->is_done = true;
	if (!make_maildir(delivery))
		return;
	snprintf(name, sizeof(name), "%lld.brim-%lld-%d.%s.eml", (long long) delivery->email.date,
			 (long long) delivery->email.email_id, delivery->email.claim_no,
			 delivery->email.message_id[0] != '\0' ? pnstrdup(delivery->email.message_id, 12)
												   : "x");
	snprintf(letter->tmp_path, sizeof(letter->tmp_path), "%s/tmp/%s", brim_outbox_directory, name);
	snprintf(letter->new_path, sizeof(letter->new_path), "%s/new/%s", brim_outbox_directory, name);
	if (write_file(letter->tmp_path, brim_buf_str(&delivery->message)))
	{
		letter->is_done = false;
		BRIM_FAULT("letter_written");
	}
	else
	{
		fail(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY, "could not write file",
			 letter->tmp_path);
		(void) unlink(letter->tmp_path);
	}
}

static void
drop(BrimDelivery *delivery)
{
	free(delivery->transport);
	delivery->transport = NULL;
}

static BrimStep
drive(BrimDelivery *delivery)
{
	Letter *letter = delivery->transport;
	char    directory[MAXPGPATH];

	if (letter == NULL || letter->is_done)
	{
		drop(delivery);
		return BRIM_STEP_DONE;
	}
	if (!letter->is_committed)
		return BRIM_STEP_BARRIER;
	snprintf(directory, sizeof(directory), "%s/new", brim_outbox_directory);
	if (!letter->is_renamed && rename(letter->tmp_path, letter->new_path) != 0)
	{
		fail(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_DOT, "could not rename file",
			 letter->tmp_path);
		drop(delivery);
		return BRIM_STEP_DONE;
	}
	letter->is_renamed = true;
	if (!sync_directory(directory))
		fail(delivery, BRIM_SMTP_UNCERTAIN, BRIM_SMTP_PHASE_DOT, "could not fsync directory",
			 directory);
	else
		brim_delivery_end(delivery, BRIM_SMTP_SENT, BRIM_SMTP_PHASE_DOT, "written to the outbox");
	BRIM_FAULT("letter_renamed");
	drop(delivery);
	return BRIM_STEP_DONE;
}

static void
commit(BrimDelivery *delivery)
{
	((Letter *) delivery->transport)->is_committed = true;
}

static void
abandon(BrimDelivery *delivery)
{
	Letter *letter = delivery->transport;

	if (letter != NULL && letter->tmp_path[0] != '\0')
		(void) unlink(letter->tmp_path);
	drop(delivery);
}

static void
rest(BrimDelivery *delivery)
{
}

static int64
deadline(const BrimDelivery *delivery)
{
	return PG_INT64_MAX;
}

static char *
reload(void)
{
	return NULL;
}

const BrimTransport brim_transport_outbox = {
	.max = 16,
	.reload = reload,
	.begin = begin,
	.drive = drive,
	.commit = commit,
	.abandon = abandon,
	.rest = rest,
	.deadline = deadline,
};
