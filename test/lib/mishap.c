/*-------------------------------------------------------------------------
 *
 * mishap.c
 *	  A disk that is full and a clock that is wrong, for a server under test.
 *
 * Preloaded (LD_PRELOAD) into the postmaster, it is inherited by all of its
 * processes.  Files in the directory that BRIM_MISHAP names turn it on and
 * off while the server runs:
 *
 *		data	files below base/ cannot grow: "No space left on device"
 *		wal		one write below pg_wal/ fails like that; that uses the file up
 *		outbox	a file below outbox/ gets a few bytes and no more
 *		clock	seconds, perhaps negative, by which the time of day is wrong
 *		curl	the version that libcurl says it has, at most two digits a part
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_BYTES 10 /* what fits into a full outbox */

/* The function that would have been called without us. */
#define NEXT(type, name) ((type) dlsym(RTLD_NEXT, name))

static const char *
file_of(const char *what, char *path, size_t size)
{
	const char *directory = getenv("BRIM_MISHAP");

	if (directory == NULL)
		return NULL;
	snprintf(path, size, "%s/%s", directory, what);
	return path;
}

static bool
is_on(const char *what)
{
	char path[4096];

	return file_of(what, path, sizeof(path)) != NULL && access(path, F_OK) == 0;
}

/* True for the one caller that removes the file. */
static bool
use_up(const char *what)
{
	char path[4096];

	return file_of(what, path, sizeof(path)) != NULL && unlink(path) == 0;
}

static bool
lies_below(int fd, const char *part)
{
	char    link[64];
	char    path[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return false;
	path[len] = '\0';
	return strstr(path, part) != NULL;
}

/* Return true if this write, up to byte "end" of the file, would find the disk full. */
static bool
is_full(int fd, off_t end)
{
	int         save_errno = errno;
	struct stat found;
	bool        full = false;

	if (is_on("data") && lies_below(fd, "/base/") && fstat(fd, &found) == 0)
		full = end > found.st_size;
	if (!full && is_on("wal") && lies_below(fd, "/pg_wal/"))
		full = use_up("wal");
	errno = full ? ENOSPC : save_errno;
	return full;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	struct stat found;

	if (is_on("outbox") && lies_below(fd, "/outbox/") && fstat(fd, &found) == 0)
	{
		if (found.st_size >= FIRST_BYTES)
		{
			errno = ENOSPC;
			return -1;
		}
		len = len < FIRST_BYTES ? len : FIRST_BYTES;
	}
	return NEXT(ssize_t(*)(int, const void *, size_t), "write")(fd, data, len);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
	if (is_full(fd, offset + (off_t) len))
		return -1;
	return NEXT(ssize_t(*)(int, const void *, size_t, off_t), "pwrite")(fd, data, len, offset);
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
	return pwrite(fd, data, len, (off_t) offset);
}

ssize_t
pwritev(int fd, const struct iovec *parts, int nparts, off_t offset)
{
	size_t len = 0;

	for (int i = 0; i < nparts; i++)
		len += parts[i].iov_len;
	if (is_full(fd, offset + (off_t) len))
		return -1;
	return NEXT(ssize_t(*)(int, const struct iovec *, int, off_t), "pwritev")(fd, parts, nparts,
																			  offset);
}

ssize_t
pwritev64(int fd, const struct iovec *parts, int nparts, off64_t offset)
{
	return pwritev(fd, parts, nparts, (off_t) offset);
}

int
posix_fallocate(int fd, off_t offset, off_t len)
{
	if (is_full(fd, offset + len))
		return ENOSPC;
	return NEXT(int (*)(int, off_t, off_t), "posix_fallocate")(fd, offset, len);
}

int
posix_fallocate64(int fd, off64_t offset, off64_t len)
{
	return posix_fallocate(fd, (off_t) offset, (off_t) len);
}

int
fallocate(int fd, int mode, off_t offset, off_t len)
{
	if (is_full(fd, offset + len))
		return -1;
	return NEXT(int (*)(int, int, off_t, off_t), "fallocate")(fd, mode, offset, len);
}

int
fallocate64(int fd, int mode, off64_t offset, off64_t len)
{
	return fallocate(fd, mode, (off_t) offset, (off_t) len);
}

int
ftruncate(int fd, off_t len)
{
	if (is_full(fd, len))
		return -1;
	return NEXT(int (*)(int, off_t), "ftruncate")(fd, len);
}

int
ftruncate64(int fd, off64_t len)
{
	return ftruncate(fd, (off_t) len);
}

/* How wrong the clock is, in seconds. */
static long
error_of_clock(void)
{
	int     save_errno = errno;
	char    path[4096];
	char    text[32];
	ssize_t len = -1;
	int     fd;

	if (file_of("clock", path, sizeof(path)) != NULL && (fd = open(path, O_RDONLY)) >= 0)
	{
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	errno = save_errno;
	if (len <= 0)
		return 0;
	text[len] = '\0';
	return strtol(text, NULL, 10);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*next)(clockid_t, struct timespec *) = NULL;
	int result;

	if (next == NULL)
		next = NEXT(int (*)(clockid_t, struct timespec *), "clock_gettime");
	result = next(clock, now);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += error_of_clock();
	return result;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;

	(void) zone;
	if (clock_gettime(CLOCK_REALTIME, &precise) != 0)
		return -1;
	now->tv_sec = precise.tv_sec;
	now->tv_usec = precise.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *result)
{
	struct timespec precise;

	clock_gettime(CLOCK_REALTIME, &precise);
	if (result != NULL)
		*result = precise.tv_sec;
	return precise.tv_sec;
}

/* What is common to all of libcurl's version structures */
struct curl_version
{
	int         age;
	const char *version;
	unsigned    number;
};

struct curl_version *
curl_version_info(int stamp)
{
	static char                text[32];
	static struct curl_version old = {0, text, 0};
	char                       path[4096];
	FILE                      *file = NULL;
	unsigned                   part[3];

	if (file_of("curl", path, sizeof(path)) != NULL)
		file = fopen(path, "r");
	if (file != NULL)
	{
		bool is_read = fscanf(file, "%u.%u.%u", &part[0], &part[1], &part[2]) == 3;

		fclose(file);
		if (is_read)
		{
			snprintf(text, sizeof(text), "%u.%u.%u", part[0], part[1], part[2]);
			old.number = part[0] << 16 | part[1] << 8 | part[2];
			return &old;
		}
	}
	return NEXT(struct curl_version * (*) (int), "curl_version_info")(stamp);
}
