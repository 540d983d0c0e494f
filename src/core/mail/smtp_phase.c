/*-------------------------------------------------------------------------
 *
 * smtp_phase.c
 *	  Names and time limits of the phases of an SMTP dialogue.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/smtp_phase.h"

#include <stddef.h>

typedef struct Phase
{
	const char *name;
	int         timeout; /* seconds (RFC 5321, 4.5.3.2, where it says) */
} Phase;

static const Phase phases[] = {
	[BRIM_SMTP_PHASE_CONNECT] = {"CONNECT", 0}, [BRIM_SMTP_PHASE_RESET] = {"RESET", 30},
	[BRIM_SMTP_PHASE_MAIL] = {"MAIL", 300},     [BRIM_SMTP_PHASE_RCPT] = {"RCPT", 300},
	[BRIM_SMTP_PHASE_DATA] = {"DATA", 120},     [BRIM_SMTP_PHASE_BODY] = {"BODY", 180},
	[BRIM_SMTP_PHASE_DOT] = {"DOT", 600},       [BRIM_SMTP_PHASE_QUIT] = {"QUIT", 2},
};

/* The entry of a phase, or NULL for a number that is none. */
static const Phase *
find_phase(BrimSmtpPhase phase)
{
	if ((int) phase < 0 || (size_t) phase >= sizeof(phases) / sizeof(phases[0]))
		return NULL;
	return &phases[phase];
}

const char *
brim_smtp_phase_name(BrimSmtpPhase phase)
{
	const Phase *found = find_phase(phase);

	return found != NULL ? found->name : "UNKNOWN";
}

int
brim_smtp_phase_timeout(BrimSmtpPhase phase)
{
	const Phase *found = find_phase(phase);

	return found != NULL ? found->timeout : 0;
}
