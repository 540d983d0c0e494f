/*-------------------------------------------------------------------------
 *
 * frame.c
 *	  What stands around every request to Gemini and every answer of it.
 *
 * The answer holds a candidate, the candidate's parts hold text, the text is
 * JSON of the shape that was asked for.  Nothing of this is taken for granted.
 * What the service declined is not tried again.
 *
 *-------------------------------------------------------------------------
 */
#include "core/gemini/internal.h"

#include <json-c/json.h>
#include <string.h>


#define MAX_PARTS 1000
#define MAX_ANSWER ((size_t) 4 * 1024 * 1024) /* joined text of the parts */

/* Reasons to finish that a second request for the same would meet again. */
static const char *const refusals[] = {
	"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"};

bool
brim_gemini_frame_write(BrimBuf *out, BrimBuf *instruction, BrimStr data, BrimBuf *schema,
						int max_tokens, BrimError *error)
{
	BrimJson json = {out, false};

	brim_json_open(&json, NULL, "{");
	brim_json_open(&json, "systemInstruction", "{");
	brim_json_open(&json, "parts", "[");
	brim_json_open(&json, NULL, "{");
	brim_json_str(&json, "text", brim_buf_str(instruction));
	brim_json_close(&json, "}]}");
	brim_json_open(&json, "contents", "[");
	brim_json_open(&json, NULL, "{");
	brim_json_text(&json, "role", "user");
	brim_json_open(&json, "parts", "[");
	brim_json_open(&json, NULL, "{");
	brim_json_str(&json, "text", data);
	brim_json_close(&json, "}]}]");
	brim_json_open(&json, "generationConfig", "{");
	brim_json_text(&json, "responseMimeType", "application/json");
	brim_json_raw(&json, "responseJsonSchema", brim_buf_str(schema));
	brim_json_int(&json, "maxOutputTokens", max_tokens);
	brim_json_close(&json, "}}");
	if (instruction->failed || schema->failed)
		out->failed = true;
	brim_buf_free(instruction);
	brim_buf_free(schema);
	if (out->failed)
		brim_error_set(error, "request is too long, or out of memory");
	return !out->failed;
}

bool
brim_gemini_frame_retry(BrimGeminiAnswer *answer, const char *why)
{
	answer->outcome = BRIM_GEMINI_RETRY;
	brim_error_set(&answer->error, "%s", why);
	return false;
}

/* modelVersion and usageMetadata; thoughts are billed even with a failure. */
static void
read_statistics(struct json_object *reply, BrimGeminiAnswer *answer)
{
	struct json_object *usage = brim_gemini_json_member(reply, "usageMetadata");

	brim_gemini_json_clean(brim_gemini_json_string(reply, "modelVersion"), answer->model_version,
						   sizeof(answer->model_version));
	answer->prompt_tokens = brim_gemini_json_count(usage, "promptTokenCount");
	answer->output_tokens = brim_gemini_json_count(usage, "candidatesTokenCount");
	answer->thought_tokens = brim_gemini_json_count(usage, "thoughtsTokenCount");
}

/* The first candidate, if there is one that was finished; NULL with the fault set. */
static struct json_object *
find_candidate(struct json_object *reply, BrimGeminiAnswer *answer)
{
	BrimStr blocked =
		brim_gemini_json_string(brim_gemini_json_member(reply, "promptFeedback"), "blockReason");
	struct json_object *candidate =
		brim_gemini_json_element(brim_gemini_json_member(reply, "candidates"), 0);
	BrimStr finish = brim_gemini_json_string(candidate, "finishReason");
	char    name[40];

	if (blocked.len > 0)
	{
		brim_gemini_json_clean(blocked, name, sizeof(name));
		answer->outcome = BRIM_GEMINI_REFUSED;
		brim_error_set(&answer->error, "prompt was blocked: %s", name);
		return NULL;
	}
	if (candidate == NULL)
	{
		(void) brim_gemini_frame_retry(answer, "reply has no candidate");
		return NULL;
	}
	if (brim_str_equal(finish, brim_str("STOP")))
		return candidate;

	brim_gemini_json_clean(finish, name, sizeof(name));
	answer->outcome = BRIM_GEMINI_RETRY;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (brim_str_equal(finish, brim_str(refusals[i])))
			answer->outcome = BRIM_GEMINI_REFUSED;
	brim_error_set(&answer->error, "generation ended with finish reason %s",
				   name[0] != '\0' ? name : "missing");
	return NULL;
}

/* Append the text of all parts but thoughts. */
static void
join_parts(struct json_object *candidate, BrimBuf *text)
{
	struct json_object *parts =
		brim_gemini_json_member(brim_gemini_json_member(candidate, "content"), "parts");
	struct json_object *part;

	for (size_t i = 0; i < MAX_PARTS; i++)
	{
		struct json_object *thought;
		BrimStr             words;

		part = brim_gemini_json_element(parts, i);
		thought = brim_gemini_json_member(part, "thought");
		if (json_object_is_type(thought, json_type_boolean) && json_object_get_boolean(thought))
			continue;
		words = brim_gemini_json_string(part, "text");
		if (words.len > 0)
			brim_buf_append_str(text, words);
	}
}

/* An answer with status 200. */
static struct json_object *
read_reply(struct json_object *reply, BrimMem *mem, BrimGeminiAnswer *answer)
{
	struct json_object *candidate;
	struct json_object *said;
	BrimBuf             text;

	answer->heard = true;
	if (!json_object_is_type(reply, json_type_object))
	{
		brim_gemini_frame_retry(answer, "HTTP 200 with a body that is not a JSON object");
		return NULL;
	}
	read_statistics(reply, answer);
	candidate = find_candidate(reply, answer);
	if (candidate == NULL)
		return NULL;

	brim_buf_init(&text, mem, MAX_ANSWER);
	join_parts(candidate, &text);
	said = text.failed ? NULL : brim_gemini_json_parse(brim_buf_str(&text));
	if (text.failed)
		brim_gemini_frame_retry(answer, "text of the reply is too long, or out of memory");
	else if (text.len == 0)
		brim_gemini_frame_retry(answer, "reply has no text");
	else if (said == NULL)
		brim_gemini_frame_retry(answer, "text of the reply is not JSON");
	brim_buf_free(&text);
	return said;
}

/* Read an HTTP answer; see gemini.h. */
struct json_object *
brim_gemini_frame_read(const BrimStr *told, int ntold, int http_status, int retry_after_header,
					   const char *transport_error, BrimStr body, BrimMem *mem,
					   BrimGeminiAnswer *answer)
{
	struct json_object *reply;
	struct json_object *said = NULL;
	int                 code;

	memset(answer, 0, sizeof(*answer));
	answer->outcome = BRIM_GEMINI_RETRY;
	answer->prompt_tokens = answer->output_tokens = answer->thought_tokens = -1;
	if (http_status <= 0 || (http_status == 200 && transport_error != NULL))
	{
		brim_gemini_fault_transport(transport_error, retry_after_header, answer);
		return NULL;
	}

	reply = brim_gemini_json_parse(body);
	code = brim_gemini_json_count(brim_gemini_json_member(reply, "error"), "code");
	if (http_status == 200 && code >= 400 && code <= 599)
		http_status = code;
	if (http_status != 200)
		brim_gemini_fault_read(told, ntold, http_status, retry_after_header, reply, answer);
	else
		said = read_reply(reply, mem, answer);
	json_object_put(reply);
	return said;
}
