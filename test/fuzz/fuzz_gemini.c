/*-------------------------------------------------------------------------
 *
 * fuzz_gemini.c
 *	  Whatever Gemini or a proxy answers is read without a fault, and what is
 *	  taken as a draft is fit to be sent.
 *
 * The first byte chooses where the rest goes: the whole body, the text in a
 * good envelope, subject and body in a good text, the error message, the facts
 * of a request, or the answer to a question about texts.
 *
 *-------------------------------------------------------------------------
 */
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/gemini/gemini.h"
#include "core/gemini/internal.h"
#include "core/base/text.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static struct json_object *
object_with(const char *name, struct json_object *value)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, name, value);
	return object;
}

static struct json_object *
list_with(struct json_object *value)
{
	struct json_object *array = json_object_new_array();

	json_object_array_add(array, value);
	return array;
}

/* A finished candidate that says text. */
static struct json_object *
envelope(const char *text, size_t len)
{
	struct json_object *part = object_with("text", json_object_new_string_len(text, (int) len));
	struct json_object *candidate = object_with("content", object_with("parts", list_with(part)));

	json_object_object_add(candidate, "finishReason", json_object_new_string("STOP"));
	return object_with("candidates", list_with(candidate));
}

/* A text with one e-mail whose subject is the first line of text, and body the rest. */
static struct json_object *
good_text(const char *text, size_t len)
{
	const char         *end = memchr(text, '\n', len);
	size_t              subject_len = end != NULL ? (size_t) (end - text) : len / 2;
	struct json_object *email = object_with("variant", json_object_new_string("v"));
	struct json_object *answer;
	struct json_object *whole;
	const char         *written;

	json_object_object_add(email, "subject", json_object_new_string_len(text, (int) subject_len));
	json_object_object_add(
		email, "body", json_object_new_string_len(text + subject_len, (int) (len - subject_len)));
	whole = object_with("emails", list_with(email));
	written = json_object_to_json_string(whole);
	answer = envelope(written, strlen(written));
	json_object_put(whole);
	return answer;
}

/* Valid UTF-8 on one line or several, and nothing that cannot be shown. */
static void
check_text(const char *text, size_t most, bool lines)
{
	size_t   len = strlen(text);
	uint32_t c;
	int      step;

	require(len > 0 && len <= most);
	for (size_t at = 0; at < len; at += (size_t) step)
	{
		step = brim_text_decode(text + at, len - at, &c);
		require(step > 0 && (c >= 0x20 || (lines && c == '\n')) && (c < 0x7F || c > 0x9F));
	}
}

static void
check_reply(const BrimGeminiRequest *request, int status, int header, const char *transport,
			const char *body, size_t len)
{
	BrimStr         body_str = {body, len};
	BrimGeminiReply reply;
	bool            drafted;

	brim_gemini_reply_read(request, status, header, transport, body_str, brim_mem_malloc(), &reply);
	drafted = reply.answer.outcome == BRIM_GEMINI_ANSWERED;
	require(!drafted || status == 200);
	require(drafted == (reply.answer.error.message[0] == '\0'));
	require(reply.answer.retry_after >= 0 && reply.answer.retry_after <= 7 * 86400);
	require(reply.answer.prompt_tokens >= -1 && reply.answer.output_tokens >= -1 &&
			reply.answer.thought_tokens >= -1);
	if (!drafted)
		check_text(reply.answer.error.message, sizeof(reply.answer.error.message) - 1, false);
	if (reply.answer.model_version[0] != '\0')
		require(brim_gemini_json_valid(brim_str(reply.answer.model_version)));
	for (int i = 0; i < BRIM_GEMINI_MAX_VARIANTS; i++)
	{
		require((reply.drafts[i].subject != NULL) == (drafted && i < request->nvariants));
		require((reply.drafts[i].body != NULL) == (drafted && i < request->nvariants));
		if (reply.drafts[i].body == NULL)
			continue;
		check_text(reply.drafts[i].subject, BRIM_GEMINI_MAX_SUBJECT, false);
		check_text(reply.drafts[i].body, BRIM_GEMINI_MAX_BODY, true);
		require(strstr(reply.drafts[i].body, "{{") == NULL);
		require(strstr(reply.drafts[i].body, "://") == NULL);
	}
	brim_gemini_reply_free(brim_mem_malloc(), &reply);
}

/* The same for an answer that was put together here. */
static void
check_answer(const BrimGeminiRequest *request, int status, struct json_object *answer)
{
	const char *text = json_object_to_json_string(answer);

	check_reply(request, status, 0, NULL, text, strlen(text));
	json_object_put(answer);
}

/* A request either is an error or is JSON whose user part is a JSON object. */
static void
check_request(BrimGeminiRequest *request, const char *data, size_t len)
{
	BrimBuf             out;
	BrimError           error = {""};
	BrimStr             part;
	struct json_object *body;
	struct json_object *company;

	request->company.data = data;
	request->company.len = len;
	request->product_pitch = request->company;
	brim_buf_init(&out, brim_mem_malloc(), 1000000);
	if (brim_gemini_request(request, &out, &error))
	{
		body = brim_gemini_json_parse(brim_buf_str(&out));
		company = brim_gemini_json_element(brim_gemini_json_member(body, "contents"), 0);
		company = brim_gemini_json_element(brim_gemini_json_member(company, "parts"), 0);
		part = brim_gemini_json_string(company, "text");
		company = brim_gemini_json_parse(part);
		require(json_object_is_type(company, json_type_object));
		json_object_put(company);
		json_object_put(body);
	}
	else
		require(error.message[0] != '\0');
	brim_buf_free(&out);
}

/* What is found in texts is of a class that was given, once, and occurs in the text. */
static void
check_classified(int status, struct json_object *answer, BrimStr content)
{
	static const BrimGeminiClass classes[] = {{{"funding", 7}, {"d", 1}, 1},
											  {{"a", 1}, {"", 0}, -1}};
	const BrimGeminiText         texts[] = {{{"news", 4}, content}, {{"news", 4}, {"a b", 3}}};
	const BrimGeminiQuestion     question = {classes, 2, texts, 2};
	const char                  *body = json_object_to_json_string(answer);
	BrimGeminiClassified         reply;
	bool                         answered;

	brim_gemini_classify_read(&question, status, 0, NULL, brim_str(body), brim_mem_malloc(),
							  &reply);
	answered = reply.answer.outcome == BRIM_GEMINI_ANSWERED;
	require(answered == (reply.answer.error.message[0] == '\0'));
	require(answered == (reply.findings != NULL));
	require(!answered || reply.findings[0].is_answered || reply.findings[1].is_answered);
	for (int t = 0; t < 2 && answered; t++)
	{
		const BrimGeminiFinding *finding = &reply.findings[t];

		require(finding->nevents <= 2);
		for (int e = 0; e < finding->nevents; e++)
		{
			BrimStr evidence = finding->events[e].evidence;

			require(finding->events[e].class_no >= 0 && finding->events[e].class_no < 2);
			require(evidence.data == NULL ||
					(evidence.len > 0 && evidence.data >= texts[t].content.data &&
					 evidence.data + evidence.len <= texts[t].content.data + texts[t].content.len));
		}
	}
	brim_gemini_classify_free(brim_mem_malloc(), &reply);
	json_object_put(answer);
}

/* A question either is an error or is JSON whose user part holds the text as it is. */
static void
check_question(BrimStr content)
{
	static const BrimGeminiClass classes[] = {{{"funding", 7}, {"d", 1}, 1}};
	const BrimGeminiText         text = {{"news", 4}, content};
	const BrimGeminiQuestion     question = {classes, 1, &text, 1};
	BrimBuf                      out;
	BrimError                    error = {""};
	struct json_object          *body;
	struct json_object          *at;

	brim_buf_init(&out, brim_mem_malloc(), 1000000);
	if (brim_gemini_classify_request(&question, &out, &error))
	{
		body = brim_gemini_json_parse(brim_buf_str(&out));
		at = brim_gemini_json_element(brim_gemini_json_member(body, "contents"), 0);
		at = brim_gemini_json_element(brim_gemini_json_member(at, "parts"), 0);
		at = brim_gemini_json_parse(brim_gemini_json_string(at, "text"));
		require(brim_str_equal(
			brim_gemini_json_string(
				brim_gemini_json_element(brim_gemini_json_member(at, "texts"), 0), "text"),
			content));
		json_object_put(at);
		json_object_put(body);
	}
	else
		require(error.message[0] != '\0');
	brim_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int         statuses[] = {200, 0, 400, 403, 429, 500, 503, -1, 999, 204};
	static BrimGeminiVariant variants[] = {{{"v", 1}, {"i", 1}}, {{"w", 1}, {"j", 1}}};
	BrimGeminiRequest        request = {{"P", 1}, {"p", 1}, {"S", 1}, {"{}", 2}, variants, 1};
	const char              *text = (const char *) data + 2;
	char                    *copy;
	int                      status;

	if (size < 2)
		return 0;
	size -= 2;
	status = statuses[data[1] % (sizeof(statuses) / sizeof(statuses[0]))];
	if (data[1] & 0x80)
		request.nvariants = 2;
	switch (data[0] % 8)
	{
		case 0:
			check_reply(&request, 200, 0, NULL, text, size);
			break;
		case 1:
			check_answer(&request, 200, envelope(text, size));
			break;
		case 2:
			request.nvariants = 1;
			check_answer(&request, 200, good_text(text, size));
			break;
		case 3:
			check_reply(&request, status, (int) data[1] * 40 - 400, NULL, text, size);
			break;
		case 4:
			copy = strndup(text, size);
			check_reply(&request, status, 0, copy, text, size);
			free(copy);
			check_answer(&request, 429,
						 object_with("error", object_with("message", json_object_new_string_len(
																		 text, (int) size))));
			break;
		case 5:
			check_request(&request, text, size);
			break;
		case 6:
			check_classified(data[1] & 0x80 ? status : 200, envelope(text, size),
							 (BrimStr){text, size});
			break;
		default:
			check_question((BrimStr){text, size});
			break;
	}
	return 0;
}
