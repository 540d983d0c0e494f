/*-------------------------------------------------------------------------
 *
 * test_fault.c
 *	  Promises of core/gemini: what an answer other than drafts means.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "core/gemini/gemini.h"

static const BrimGeminiVariant variant = {{"v", 1}, {"Write about the problem first of all.", 37}};
static BrimGeminiRequest       request = {{"P", 1}, {"p", 1}, {"S", 1}, {NULL, 0}, &variant, 1};
static BrimGeminiReply         reply;

static BrimGeminiOutcome
read_body(int status, int header, const char *body)
{
	brim_gemini_reply_free(brim_mem_malloc(), &reply);
	brim_gemini_reply_read(&request, status, header, NULL, brim_str(body), brim_mem_malloc(),
						   &reply);
	return reply.answer.outcome;
}

#define TEXT                                                                                       \
	"\"{\\\"emails\\\":[{\\\"variant\\\":\\\"v\\\",\\\"subject\\\":\\\"a\\\",\\\"body\\\":"        \
	"\\\"b\\\"}]}\""

static void
test_answers(void)
{
	static const struct
	{
		const char       *body;
		BrimGeminiOutcome outcome;
		const char       *promise;
	} cases[] = {
		{"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hmm "
		 "{\",\"thought\":true},{\"text\":"
		 "\"{\\\"emails\\\":[{\\\"variant\\\":\\\"v\\\",\"},{\"inlineData\":{}},{\"text\":\"\","
		 "\"thoughtSignature\":\"x\"},{\"thought\":false,\"text\":"
		 "\"\\\"subject\\\":\\\"a\\\",\\\"body\\\":\\\"b\\\"}]}\"}]},\"finishReason\":\"STOP\"}]}",
		 BRIM_GEMINI_ANSWERED, "parts are joined, thoughts are skipped"},
		{"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":" TEXT
		 "}]},\"finishReason\":\"MAX_TOKENS\"}]}",
		 BRIM_GEMINI_RETRY, "MAX_TOKENS is tried again, whatever the text"},
		{"{\"candidates\":[{\"finishReason\":\"MAX_TOKENS\"}]}", BRIM_GEMINI_RETRY,
		 "MAX_TOKENS without content is tried again"},
		{"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":" TEXT "}]}}]}", BRIM_GEMINI_RETRY,
		 "an answer that does not say STOP is tried again"},
		{"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":" TEXT
		 "}]},\"finishReason\":\"NEW_REASON\"}]}",
		 BRIM_GEMINI_RETRY, "an unknown finish reason is tried again"},
		{"{\"candidates\":[{\"finishReason\":\"SAFETY\"}]}", BRIM_GEMINI_REFUSED,
		 "SAFETY is a refusal"},
		{"{\"candidates\":[{\"finishReason\":\"RECITATION\"}]}", BRIM_GEMINI_REFUSED,
		 "RECITATION is a refusal"},
		{"{\"candidates\":[{\"finishReason\":\"PROHIBITED_CONTENT\"}]}", BRIM_GEMINI_REFUSED,
		 "PROHIBITED_CONTENT is a refusal"},
		{"{\"candidates\":[{\"finishReason\":\"BLOCKLIST\"}]}", BRIM_GEMINI_REFUSED,
		 "BLOCKLIST is a refusal"},
		{"{\"candidates\":[{\"finishReason\":\"SPII\"}]}", BRIM_GEMINI_REFUSED,
		 "SPII is a refusal"},
		{"{\"candidates\":[{\"finishReason\":\"LANGUAGE\"}]}", BRIM_GEMINI_REFUSED,
		 "LANGUAGE is a refusal"},
		{"{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}", BRIM_GEMINI_REFUSED,
		 "a blocked prompt is a refusal"},
		{"{\"promptFeedback\":{}}", BRIM_GEMINI_RETRY, "no candidate is tried again"},
		{"{\"candidates\":[],\"usageMetadata\":[]}", BRIM_GEMINI_RETRY,
		 "an empty list is tried again"},
		{"{\"candidates\":[null]}", BRIM_GEMINI_RETRY, "a candidate that is null is tried again"},
		{"{\"candidates\":[{\"finishReason\":\"STOP\"}]}", BRIM_GEMINI_RETRY,
		 "STOP without content is tried again"},
		{"{\"candidates\":[{\"finishReason\":\"STOP\",\"content\":{\"parts\":[{\"text\":7}]}}]}",
		 BRIM_GEMINI_RETRY, "text that is a number is tried again"},
		{"<html>", BRIM_GEMINI_RETRY, "HTML with status 200 is tried again"},
		{"", BRIM_GEMINI_RETRY, "an empty body is tried again"},
		{"{\"candidates\":\"\xFF\"}", BRIM_GEMINI_RETRY, "invalid UTF-8 is tried again"},
		{"{\"error\":{\"code\":403,\"message\":\"m\"}}", BRIM_GEMINI_CONFIG,
		 "an error with status 200 counts as that error"},
	};
	static char deep[100001];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		read_body(200, 0, cases[i].body);
		unit_ok(reply.answer.outcome == cases[i].outcome &&
					(reply.answer.error.message[0] == '\0') ==
						(reply.answer.outcome == BRIM_GEMINI_ANSWERED),
				"%s: %s", cases[i].promise, reply.answer.error.message);
	}
	unit_is_int(reply.answer.thought_tokens, -1, "tokens that are not told are -1");
	memset(deep, '[', sizeof(deep) - 1);
	unit_is_int(read_body(200, 0, deep), BRIM_GEMINI_RETRY, "deep nesting is tried again");
	read_body(200, 0,
			  "{\"usageMetadata\":{\"promptTokenCount\":\"7\",\"candidatesTokenCount\":-3,"
			  "\"thoughtsTokenCount\":99999999999},\"modelVersion\":5}");
	unit_ok(reply.answer.prompt_tokens == -1 && reply.answer.output_tokens == -1 &&
				reply.answer.thought_tokens == -1,
			"counts that are no counts are -1");
	unit_is_text(reply.answer.model_version, "", "a version that is no text is empty");
}

static void
test_statuses(void)
{
	static const int retried[] = {408, 409, 413, 418, 429, 500, 502, 503, 504, 301, 204, 599};
	static const int stopped[] = {400, 401, 402, 403, 404};

	for (size_t i = 0; i < sizeof(retried) / sizeof(retried[0]); i++)
		unit_is_int(read_body(retried[i], 0, "{\"error\":{\"message\":\"x\"}}"), BRIM_GEMINI_RETRY,
					"HTTP %d is tried again", retried[i]);
	for (size_t i = 0; i < sizeof(stopped) / sizeof(stopped[0]); i++)
		unit_is_int(read_body(stopped[i], 0, "{\"error\":{\"status\":\"INVALID_ARGUMENT\"}}"),
					BRIM_GEMINI_CONFIG, "HTTP %d waits for the operator", stopped[i]);

	read_body(502, 0, "<html><b>Bad gateway</b></html>");
	unit_is_text(reply.answer.error.message, "HTTP 502 with a body that is not JSON",
				 "HTML is not shown");
	read_body(
		400, 0,
		"{\"error\":{\"status\":\"INVALID_ARGUMENT\",\"message\":\"no\\n\\u0000 such\\tfield\"}}");
	unit_is_text(reply.answer.error.message, "HTTP 400 INVALID_ARGUMENT: no such field",
				 "status and message are told on one line");
	read_body(503, 0, "[{\"error\":{\"status\":\"UNAVAILABLE\",\"message\":\"busy\"}}]");
	unit_is_text(reply.answer.error.message, "HTTP 503 UNAVAILABLE: busy",
				 "an error in a list is read");
	read_body(500, 0, "{\"error\":\"plain\"}");
	unit_is_text(reply.answer.error.message, "HTTP 500: plain", "an error that is a text is read");

	request.company = brim_str("{\"company_name\":\"Very Confidential Company\"}");
	read_body(400, 0,
			  "{\"error\":{\"message\":\"bad value Very Confidential Company here, sorry\"}}");
	unit_ok(strstr(reply.answer.error.message, "Confidential") == NULL,
			"facts about the company are not echoed: %s", reply.answer.error.message);
	read_body(400, 0, "{\"error\":{\"message\":\"bad: Write about the problem first of all.\"}}");
	unit_ok(strstr(reply.answer.error.message, "problem") == NULL,
			"instructions are not echoed: %s", reply.answer.error.message);
	read_body(400, 0,
			  "{\"error\":{\"message\":\"key AIzaSyA1234567890abcdefghijklmnopqrstu is bad\"}}");
	unit_is_text(reply.answer.error.message, "HTTP 400: key ... is bad",
				 "what looks like a key is not shown");
}

static void
test_transport(void)
{
	brim_gemini_reply_read(&request, 0, 0, "Connection reset\r\nby peer", brim_str(NULL),
						   brim_mem_malloc(), &reply);
	unit_is_int(reply.answer.outcome, BRIM_GEMINI_RETRY,
				"a fault of the connection is tried again");
	unit_is_text(reply.answer.error.message, "Connection reset by peer", "and told");
	brim_gemini_reply_read(&request, 0, 0, NULL, brim_str(NULL), brim_mem_malloc(), &reply);
	unit_ok(reply.answer.outcome == BRIM_GEMINI_RETRY && reply.answer.error.message[0] != '\0',
			"a fault without words has some: %s", reply.answer.error.message);
	brim_gemini_reply_read(&request, 200, 0, "reply is longer than 1 MB",
						   brim_str("{\"candidates\":["), brim_mem_malloc(), &reply);
	unit_is_text(reply.answer.error.message, "reply is longer than 1 MB",
				 "the fault counts where the body was cut");
	brim_gemini_reply_read(&request, 401, 0, "transfer closed", brim_str("{"), brim_mem_malloc(),
						   &reply);
	unit_is_int(reply.answer.outcome, BRIM_GEMINI_CONFIG, "the status counts where it is an error");
}

#define DELAY(d)                                                                                   \
	"{\"error\":{\"message\":\"m\",\"details\":[{\"@type\":\"type.googleapis.com/"                 \
	"google.rpc.Help\"},{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":" d \
	"}]}}"
#define QUOTA(id, d)                                                                               \
	"{\"error\":{\"message\":\"m\",\"details\":[{\"violations\":[{\"quotaId\":\"" id               \
	"\"}]},{\"@type\":\"google.rpc.RetryInfo\",\"retryDelay\":\"" d "\"}]}}"
#define SAYS(m) "{\"error\":{\"message\":\"" m "\"}}"

static void
test_hints(void)
{
	static const struct
	{
		int               status;
		int               header;
		const char       *body;
		BrimGeminiOutcome outcome;
		int               retry_after;
		const char       *promise;
	} cases[] = {
		{429, 0, DELAY("\"40s\""), BRIM_GEMINI_RETRY, 40, "seconds"},
		{503, 0, DELAY("\"900ms\""), BRIM_GEMINI_RETRY, 1, "milliseconds are rounded up"},
		{429, 0, DELAY("\"2.000s\""), BRIM_GEMINI_RETRY, 2, "a fraction of nothing"},
		{429, 0, DELAY("\"51820.638305887s\""), BRIM_GEMINI_QUOTA, 51821,
		 "a wait of hours stops all"},
		{503, 0, DELAY("\"51820.638305887s\""), BRIM_GEMINI_RETRY, 51821, "only after 429"},
		{429, 0, DELAY("\"300s\""), BRIM_GEMINI_RETRY, 300, "five minutes are waited"},
		{429, 0, DELAY("\"301s\""), BRIM_GEMINI_QUOTA, 301, "more than five minutes stop all"},
		{429, 7, DELAY("\"-5s\""), BRIM_GEMINI_RETRY, 7, "a negative delay is none"},
		{429, 7, DELAY("40"), BRIM_GEMINI_RETRY, 7, "a delay that is a number is none"},
		{429, 7, DELAY("\"40\""), BRIM_GEMINI_RETRY, 7, "a delay without a unit is none"},
		{429, 7, DELAY("\"9999999999999999999999999999999s\""), BRIM_GEMINI_QUOTA, 604800,
		 "no wait is longer than a week"},
		{429, 9, DELAY("\"40s\""), BRIM_GEMINI_RETRY, 40, "details before the header"},
		{503, 9, "<html>", BRIM_GEMINI_RETRY, 9, "the header of a page"},
		{503, -9, "<html>", BRIM_GEMINI_RETRY, 0, "a negative header is none"},
		{503, 2000000000, "<html>", BRIM_GEMINI_RETRY, 604800, "no header is longer than a week"},
		{429, 9, SAYS("Quota. Please retry in 12.3s."), BRIM_GEMINI_RETRY, 13,
		 "words of the message"},
		{429, 0, SAYS("Please retry in 14h23m40.5s."), BRIM_GEMINI_QUOTA, 51821,
		 "hours and minutes"},
		{429, 0, SAYS("Please retry in a while"), BRIM_GEMINI_RETRY, 0, "words without a number"},
		{429, 0, QUOTA("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "2s"),
		 BRIM_GEMINI_QUOTA, 3600, "a day's quota stops all, however short the hint"},
		{429, 0, QUOTA("GenerateRequestsPerDayPerProject", "7200s"), BRIM_GEMINI_QUOTA, 7200,
		 "a day's quota with a longer hint"},
		{429, 0, QUOTA("GenerateRequestsPerMinute", "2s"), BRIM_GEMINI_RETRY, 2,
		 "a minute's quota"},
		{429, 0, SAYS("metric: x, limit: 0, model: y"), BRIM_GEMINI_QUOTA, 3600, "a limit of 0"},
		{429, 0, SAYS("limit: 0.5, limit: 05, limit: 10"), BRIM_GEMINI_RETRY, 0, "other limits"},
		{429, 0, SAYS("limit: 05 and limit: 0"), BRIM_GEMINI_QUOTA, 3600,
		 "a limit of 0 at the end"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		read_body(cases[i].status, cases[i].header, cases[i].body);
		unit_ok(reply.answer.outcome == cases[i].outcome &&
					reply.answer.retry_after == cases[i].retry_after,
				"hint: %s (outcome %d, %d s)", cases[i].promise, (int) reply.answer.outcome,
				reply.answer.retry_after);
	}
}

int
main(void)
{
	test_answers();
	test_statuses();
	test_transport();
	test_hints();
	brim_gemini_reply_free(brim_mem_malloc(), &reply);
	return unit_done();
}
