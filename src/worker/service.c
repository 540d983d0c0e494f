/*-------------------------------------------------------------------------
 *
 * service.c
 *	  Something beyond this server that a job needs; see service.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/queue/queue.h"
#include "worker/process.h"
#include "worker/service.h"

static void
report(BrimService *service, const char *state, const char *detail)
{
	if (strcmp(service->state, state) == 0 && strcmp(service->detail, detail) == 0)
		return;
	strlcpy(service->state, state, sizeof(service->state));
	strlcpy(service->detail, detail, sizeof(service->detail));
	service->is_new = true;
}

void
brim_service_reload(BrimService *service, const char *problem)
{
	BrimBreakerState breaker;

	brim_breaker_read(service->name, &breaker);
	if (problem != NULL)
		report(service, "fault", problem);
	else if (breaker.faults == 0)
		report(service, service->well, service->well_detail);
}

void
brim_service_answered(BrimService *service)
{
	BrimBreakerState breaker;

	/* the first time, too: a worker before may have left a fault there */
	brim_breaker_read(service->name, &breaker);
	if (breaker.faults > 0 ? !brim_breaker_success(service->name) : service->state[0] != '\0')
		return;
	report(service, service->well, service->well_detail);
	service->is_new = true; /* another worker may have written since */
}

void
brim_service_fault(BrimService *service, const char *why)
{
	if (!brim_breaker_fault(service->name, brim_process_random()))
		return; /* the same fault once more */
	report(service, "fault", why);
	service->is_new = true; /* the next try is at another time */
}

void
brim_service_pause(BrimService *service, int seconds, const char *what, const char *why)
{
	char text[sizeof(service->detail)];

	brim_breaker_pause(service->name, brim_process_in(seconds * INT64CONST(1000)));
	snprintf(text, sizeof(text), "%s: %s", what, why);
	report(service, "fault", text);
	service->is_new = true;
}

void
brim_service_write(const BrimService *service)
{
	BrimBreakerState breaker;

	/* what another worker said of a fault since is newer than our good news */
	brim_breaker_read(service->name, &breaker);
	if (breaker.open_until == 0 || strcmp(service->state, "fault") == 0)
		brim_node_set_component(service->name, service->state, service->detail, breaker.open_until);
}

void
brim_service_written(BrimService *service)
{
	service->is_new = false;
}
