/*-------------------------------------------------------------------------
 *
 * fault.c
 *	  What an answer that is not HTTP 200 means: try again, and when, or stop.
 *
 *	hint	 seconds to wait that the server asked for: in details of type
 *			 RetryInfo, in the words "Please retry in", or in the header
 *	quota	 429 for a day's quota, for a limit of 0, or with a long hint: the
 *			 next request would be refused too, whatever it asks for
 *
 *-------------------------------------------------------------------------
 */
#include "core/gemini/internal.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>


#define LONGEST_HINT (7 * 86400) /* more than this is not believed */
#define QUOTA_HINT 300           /* a longer wait stops all requests */
#define QUOTA_PAUSE 3600         /* wait of a day's quota without a longer hint */
#define MAX_DETAILS 32           /* entries of a list that are looked at */
#define ECHO_LENGTH 16           /* bytes in common with the request that make an echo */

/* Find the C string part in text and return what follows it; data is NULL if it is not there. */
static BrimStr
behind(BrimStr text, const char *part)
{
	size_t  len = strlen(part);
	BrimStr rest = {NULL, 0};

	for (size_t at = 0; at + len <= text.len; at++)
		if (memcmp(text.data + at, part, len) == 0)
		{
			rest.data = text.data + at + len;
			rest.len = text.len - at - len;
			break;
		}
	return rest;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Seconds, rounded up, of a duration such as "40s", "900ms", "51820.6s" or
 * "14h23m40.5s" that text begins with; 0 where it begins with none.
 */
static int
read_duration(BrimStr text)
{
	double seconds = 0;
	size_t at = 0;
	bool   found = false;

	while (at < text.len && is_digit(text.data[at]))
	{
		double value = 0;
		double place = 1;

		for (; at < text.len && is_digit(text.data[at]); at++)
			if (value < 1e9)
				value = value * 10 + (text.data[at] - '0');
		if (at < text.len && text.data[at] == '.')
			for (at++; at < text.len && is_digit(text.data[at]); at++)
			{
				place /= 10;
				value += place * (text.data[at] - '0');
			}
		if (at + 1 < text.len && memcmp(text.data + at, "ms", 2) == 0)
		{
			value /= 1000;
			at++;
		}
		else if (at < text.len && text.data[at] == 'm')
			value *= 60;
		else if (at < text.len && text.data[at] == 'h')
			value *= 3600;
		else if (at >= text.len || text.data[at] != 's')
			return 0;
		at++;
		seconds += value;
		found = true;
	}
	if (!found)
		return 0;
	if (seconds >= LONGEST_HINT)
		return LONGEST_HINT;
	return (int) seconds + (seconds > (int) seconds ? 1 : 0);
}

/* Seconds to wait that the details ask for, or 0. */
static int
details_hint(struct json_object *details)
{
	for (size_t i = 0; i < MAX_DETAILS; i++)
	{
		struct json_object *detail = brim_gemini_json_element(details, i);
		BrimStr             type = brim_gemini_json_string(detail, "@type");
		BrimStr             delay = brim_gemini_json_string(detail, "retryDelay");
		int                 hint;

		if (type.data == NULL || delay.data == NULL || behind(type, "RetryInfo").data == NULL)
			continue;
		hint = read_duration(delay);
		if (hint > 0)
			return hint;
	}
	return 0;
}

/* Return true if one of the quotas that were exceeded is a day's. */
static bool
daily_quota(struct json_object *details)
{
	for (size_t i = 0; i < MAX_DETAILS; i++)
	{
		struct json_object *violations =
			brim_gemini_json_member(brim_gemini_json_element(details, i), "violations");

		for (size_t j = 0; j < MAX_DETAILS; j++)
			if (behind(brim_gemini_json_string(brim_gemini_json_element(violations, j), "quotaId"),
					   "PerDay")
					.data != NULL)
				return true;
	}
	return false;
}

/* Return true if the message speaks of a limit that is exactly 0. */
static bool
no_limit_left(BrimStr message)
{
	BrimStr rest = behind(message, "limit: 0");

	while (rest.data != NULL)
	{
		if (rest.len == 0 || !(is_digit(rest.data[0]) ||
							   (rest.len > 1 && rest.data[0] == '.' && is_digit(rest.data[1]))))
			return true;
		rest = behind(rest, "limit: 0");
	}
	return false;
}

/* Return true if the text has a stretch of message. */
static bool
repeats(BrimStr message, BrimStr text)
{
	for (size_t at = 0; at + ECHO_LENGTH <= message.len; at += ECHO_LENGTH)
		for (size_t i = 0; i + ECHO_LENGTH <= text.len; i++)
			if (text.data[i] == message.data[at] &&
				memcmp(text.data + i, message.data + at, ECHO_LENGTH) == 0)
				return true;
	return false;
}

/*
 * Return true if the message repeats what was asked.  Error texts are kept and shown to
 * people who may not read the leads.
 */
static bool
echoes(const BrimStr *told, int ntold, BrimStr message)
{
	for (int i = 0; i < ntold; i++)
		if (repeats(message, told[i]))
			return true;
	return false;
}

/* Put the error into words: "HTTP 429 RESOURCE_EXHAUSTED: Quota exceeded". */
static void
describe(const BrimStr *told, int ntold, int http_status, struct json_object *answer,
		 BrimStr status, BrimStr message, BrimError *error)
{
	char name[40];
	char words[160];

	brim_gemini_json_clean(status, name, sizeof(name));
	brim_gemini_json_clean(message, words, sizeof(words));
	if (echoes(told, ntold, brim_str(words)))
		snprintf(words, sizeof(words), "the message repeats the request and is left out");
	if (answer == NULL)
		brim_error_set(error, "HTTP %d with a body that is not JSON", http_status);
	else
		brim_error_set(error, "HTTP %d%s%s%s%s", http_status, name[0] != '\0' ? " " : "", name,
					   words[0] != '\0' ? ": " : "", words);
}

static BrimGeminiOutcome
status_outcome(int http_status, bool quota)
{
	switch (http_status)
	{
		case 400:
		case 401:
		case 402:
		case 403:
		case 404:
			return BRIM_GEMINI_CONFIG;
		case 429:
			return quota ? BRIM_GEMINI_QUOTA : BRIM_GEMINI_RETRY;
		default:
			return BRIM_GEMINI_RETRY;
	}
}

void
brim_gemini_fault_read(const BrimStr *told, int ntold, int http_status, int header,
					   struct json_object *answer, BrimGeminiAnswer *reply)
{
	struct json_object *fault = answer;
	struct json_object *details;
	BrimStr             message;
	BrimStr             wait;
	bool                no_more;

	if (json_object_is_type(fault, json_type_array))
		fault = brim_gemini_json_element(fault, 0);
	message = brim_gemini_json_string(fault, "error");
	fault = brim_gemini_json_member(fault, "error");
	if (message.data == NULL)
		message = brim_gemini_json_string(fault, "message");
	details = brim_gemini_json_member(fault, "details");
	describe(told, ntold, http_status, answer, brim_gemini_json_string(fault, "status"), message,
			 &reply->error);

	reply->retry_after = details_hint(details);
	wait = behind(message, "Please retry in ");
	if (reply->retry_after == 0 && wait.data != NULL)
		reply->retry_after = read_duration(wait);
	if (reply->retry_after == 0 && header > 0)
		reply->retry_after = header < LONGEST_HINT ? header : LONGEST_HINT;

	no_more = daily_quota(details) || no_limit_left(message);
	reply->outcome = status_outcome(http_status, no_more || reply->retry_after > QUOTA_HINT);
	if (reply->outcome == BRIM_GEMINI_QUOTA && reply->retry_after < QUOTA_PAUSE && no_more)
		reply->retry_after = QUOTA_PAUSE;
}

void
brim_gemini_fault_transport(const char *reason, int header, BrimGeminiAnswer *reply)
{
	char words[200];

	brim_gemini_json_clean(brim_str(reason), words, sizeof(words));
	reply->outcome = BRIM_GEMINI_RETRY;
	reply->retry_after = header <= 0 ? 0 : header < LONGEST_HINT ? header : LONGEST_HINT;
	brim_error_set(&reply->error, "%s", words[0] != '\0' ? words : "no answer came");
}
