/*-------------------------------------------------------------------------
 *
 * gemini_reply.c
 *	  What Gemini's answer means, and the drafts in it.
 *
 * The answer holds a candidate, the candidate's parts hold text, the text is
 * JSON of the shape that was asked for, and each of its e-mails is a draft.
 * Nothing of this is taken for granted: the model writes what it likes, and
 * company data may have talked it into something.  What is wrong with a draft
 * is said in words and tried again; what the service declined is not.
 *
 *-------------------------------------------------------------------------
 */
#include "core/gemini.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#include "core/gemini_fault.h"
#include "core/gemini_json.h"
#include "core/text.h"

#define MAX_PARTS 1000
#define MAX_ANSWER ((size_t) 4 * 1024 * 1024) /* joined text of the parts */
#define LONGEST_BLANK 40                      /* bytes between the brackets of a placeholder */

/* Reasons to finish that a second request for the same would meet again. */
static const char *const refusals[] = {
	"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"};

static bool
retry(BrimGeminiReply *reply, const char *why)
{
	reply->outcome = BRIM_GEMINI_RETRY;
	brim_error_set(&reply->error, "%s", why);
	return false;
}

/* The same with the variant that has the fault. */
static bool
retry_draft(BrimGeminiReply *reply, BrimStr variant, const char *why)
{
	char name[80];

	reply->outcome = BRIM_GEMINI_RETRY;
	brim_gemini_json_clean(variant, name, sizeof(name));
	brim_error_set(&reply->error, "draft for variant \"%s\": %s", name, why);
	return false;
}

/* modelVersion and usageMetadata; thoughts are billed even with a failure. */
static void
read_statistics(struct json_object *answer, BrimGeminiReply *reply)
{
	struct json_object *usage = brim_gemini_json_member(answer, "usageMetadata");

	brim_gemini_json_clean(brim_gemini_json_string(answer, "modelVersion"), reply->model_version,
						   sizeof(reply->model_version));
	reply->prompt_tokens = brim_gemini_json_count(usage, "promptTokenCount");
	reply->output_tokens = brim_gemini_json_count(usage, "candidatesTokenCount");
	reply->thought_tokens = brim_gemini_json_count(usage, "thoughtsTokenCount");
}

/* The first candidate, if there is one that was finished; NULL with the fault set. */
static struct json_object *
find_candidate(struct json_object *answer, BrimGeminiReply *reply)
{
	BrimStr blocked =
		brim_gemini_json_string(brim_gemini_json_member(answer, "promptFeedback"), "blockReason");
	struct json_object *candidate =
		brim_gemini_json_element(brim_gemini_json_member(answer, "candidates"), 0);
	BrimStr finish = brim_gemini_json_string(candidate, "finishReason");
	char    name[40];

	if (blocked.len > 0)
	{
		brim_gemini_json_clean(blocked, name, sizeof(name));
		reply->outcome = BRIM_GEMINI_REFUSED;
		brim_error_set(&reply->error, "prompt was blocked: %s", name);
		return NULL;
	}
	if (candidate == NULL)
	{
		retry(reply, "reply has no candidate");
		return NULL;
	}
	if (brim_str_equal(finish, brim_str("STOP")))
		return candidate;

	brim_gemini_json_clean(finish, name, sizeof(name));
	reply->outcome = BRIM_GEMINI_RETRY;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (brim_str_equal(finish, brim_str(refusals[i])))
			reply->outcome = BRIM_GEMINI_REFUSED;
	brim_error_set(&reply->error, "generation ended with finish reason %s",
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

static bool
is_space(char c)
{
	return c == ' ' || c == '\n';
}

/* A character that has no business in a plain-text e-mail: why, or NULL. */
static const char *
character_fault(uint32_t c)
{
	if ((c < 0x20 && c != '\n') || (c >= 0x7F && c <= 0x9F))
		return "has a control character";
	if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069))
		return "has a character that turns the direction of text";
	if (c == 0xFFFD)
		return "has a character that was lost on the way";
	return NULL;
}

/*
 * Copy text without white space around it and with LF line ends, spaces for
 * tabs.  NULL with *fault set where that is not possible, NULL without where
 * memory is short.
 */
static char *
copy_text(BrimStr text, BrimMem *mem, size_t limit, const char **fault)
{
	size_t   filled = 0;
	size_t   begin = 0;
	size_t   step;
	uint32_t c;
	char    *copy;

	*fault = "is too long";
	if (text.len > limit * 2)
		return NULL;
	*fault = NULL;
	copy = brim_mem_alloc(mem, text.len + 1);
	if (copy == NULL)
		return NULL;
	for (size_t at = 0; at < text.len && *fault == NULL; at += step)
	{
		step = (size_t) brim_text_decode(text.data + at, text.len - at, &c);
		if (step == 0)
		{
			*fault = "is not valid UTF-8";
			break;
		}
		if (c == '\r' && at + 1 < text.len && text.data[at + 1] == '\n')
			continue;
		if (c == '\r' || c == 0x2028 || c == 0x2029)
			copy[filled++] = '\n';
		else if (c == '\t')
			copy[filled++] = ' ';
		else if ((*fault = character_fault(c)) == NULL)
		{
			memcpy(copy + filled, text.data + at, step);
			filled += step;
		}
	}
	while (begin < filled && is_space(copy[begin]))
		begin++;
	while (filled > begin && is_space(copy[filled - 1]))
		filled--;
	if (*fault == NULL && filled == begin)
		*fault = "is empty";
	if (*fault == NULL && filled - begin > limit)
		*fault = "is too long";
	if (*fault != NULL)
	{
		brim_mem_free(mem, copy);
		return NULL;
	}
	memmove(copy, copy + begin, filled - begin);
	copy[filled - begin] = '\0';
	return copy;
}

/* Letter of any script; a UTF-8 byte above ASCII counts as one. */
static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char) c >= 0x80;
}

/*
 * Does text hold something that somebody was meant to fill in: "{{", "}}", or
 * words in brackets such as "[Your Name]", "<company>", "{first_name}"?
 */
static bool
has_placeholder(const char *text)
{
	if (strstr(text, "{{") != NULL || strstr(text, "}}") != NULL)
		return true;
	for (; *text != '\0'; text++)
	{
		char   close = *text == '[' ? ']' : *text == '<' ? '>' : *text == '{' ? '}' : '\0';
		size_t len = 1;

		if (close == '\0' || !is_letter(text[1]))
			continue;
		while (len <= LONGEST_BLANK && text[len] != '\0' &&
			   (is_letter(text[len]) || strchr(" _-'/.0123456789", text[len]) != NULL))
			len++;
		if (text[len] == close)
			return true;
	}
	return false;
}

/* Does it hold a link?  One could only come from the company's data. */
static bool
has_link(const char *text)
{
	for (; *text != '\0'; text++)
		if (strncmp(text, "://", 3) == 0 || strncasecmp(text, "www.", 4) == 0)
			return true;
	return false;
}

/* Copy and check one text of a draft.  NULL with the fault set. */
static char *
read_text(BrimStr variant, BrimStr text, const char *what, size_t limit, BrimMem *mem,
		  BrimGeminiReply *reply)
{
	const char *fault = "is missing";
	char       *copy = NULL;
	BrimError   why;

	if (text.data != NULL)
	{
		copy = copy_text(text, mem, limit, &fault);
		if (copy == NULL && fault == NULL)
		{
			retry(reply, "out of memory");
			return NULL;
		}
	}
	if (copy != NULL && has_placeholder(copy))
		fault = "has an unfilled placeholder";
	else if (copy != NULL && has_link(copy))
		fault = "has a link";
	if (fault == NULL)
		return copy;
	brim_mem_free(mem, copy);
	brim_error_set(&why, "%s %s", what, fault);
	retry_draft(reply, variant, why.message);
	return NULL;
}

/* One e-mail of the answer: to which variant, and is it fit to be sent? */
static bool
read_draft(const BrimGeminiRequest *request, struct json_object *email, BrimMem *mem,
		   BrimGeminiReply *reply)
{
	BrimStr          name = brim_gemini_json_string(email, "variant");
	BrimGeminiDraft *draft;
	int              i = 0;

	while (i < request->nvariants && !brim_str_equal(name, request->variants[i].name))
		i++;
	if (i == request->nvariants)
		return retry(reply, "reply has an e-mail for no variant that was asked for");
	draft = &reply->drafts[i];
	if (draft->subject != NULL)
		return retry_draft(reply, name, "came twice");

	draft->subject = read_text(name, brim_gemini_json_string(email, "subject"), "subject",
							   BRIM_GEMINI_MAX_SUBJECT, mem, reply);
	if (draft->subject == NULL)
		return false;
	if (strchr(draft->subject, '\n') != NULL)
		return retry_draft(reply, name, "subject has several lines");
	draft->body = read_text(name, brim_gemini_json_string(email, "body"), "body",
							BRIM_GEMINI_MAX_BODY, mem, reply);
	return draft->body != NULL;
}

/* All e-mails of the answer. */
static bool
read_drafts(const BrimGeminiRequest *request, struct json_object *answer, BrimMem *mem,
			BrimGeminiReply *reply)
{
	struct json_object *emails = brim_gemini_json_member(answer, "emails");
	struct json_object *email;

	if (!json_object_is_type(emails, json_type_array))
		return retry(reply, "text of the reply has no list of e-mails");
	for (size_t i = 0; i < json_object_array_length(emails); i++)
	{
		email = brim_gemini_json_element(emails, i);
		if (!read_draft(request, email, mem, reply))
			return false;
	}
	for (int i = 0; i < request->nvariants; i++)
		if (reply->drafts[i].subject == NULL)
			return retry_draft(reply, request->variants[i].name, "did not come");
	return true;
}

/* An answer with status 200. */
static bool
read_answer(const BrimGeminiRequest *request, struct json_object *answer, BrimMem *mem,
			BrimGeminiReply *reply)
{
	struct json_object *candidate;
	struct json_object *drafts;
	BrimBuf             text;
	bool                empty;
	bool                failed;

	if (!json_object_is_type(answer, json_type_object))
		return retry(reply, "HTTP 200 with a body that is not a JSON object");
	read_statistics(answer, reply);
	candidate = find_candidate(answer, reply);
	if (candidate == NULL)
		return false;

	brim_buf_init(&text, mem, MAX_ANSWER);
	join_parts(candidate, &text);
	empty = text.len == 0;
	failed = text.failed;
	drafts = failed ? NULL : brim_gemini_json_parse(brim_buf_str(&text));
	brim_buf_free(&text);
	if (failed)
		retry(reply, "text of the reply is too long, or out of memory");
	else if (empty)
		retry(reply, "reply has no text");
	else if (drafts == NULL)
		retry(reply, "text of the reply is not JSON");
	else if (read_drafts(request, drafts, mem, reply))
		reply->outcome = BRIM_GEMINI_DRAFTED;
	json_object_put(drafts);
	return reply->outcome == BRIM_GEMINI_DRAFTED;
}

/* Read an HTTP answer; see gemini.h. */
void
brim_gemini_read(const BrimGeminiRequest *request, int http_status, int retry_after_header,
				 const char *transport_error, BrimStr body, BrimMem *mem, BrimGeminiReply *reply)
{
	struct json_object *answer;
	int                 code;

	memset(reply, 0, sizeof(*reply));
	reply->outcome = BRIM_GEMINI_RETRY;
	reply->prompt_tokens = reply->output_tokens = reply->thought_tokens = -1;
	if (request->nvariants < 1 || request->nvariants > BRIM_GEMINI_MAX_VARIANTS)
	{
		retry(reply, "no variant was asked for");
		return;
	}
	if (http_status <= 0 || (http_status == 200 && transport_error != NULL))
	{
		brim_gemini_fault_transport(transport_error, retry_after_header, reply);
		return;
	}

	answer = brim_gemini_json_parse(body);
	code = brim_gemini_json_count(brim_gemini_json_member(answer, "error"), "code");
	if (http_status == 200 && code >= 400 && code <= 599)
		http_status = code;
	if (http_status != 200)
		brim_gemini_fault_read(request, http_status, retry_after_header, answer, reply);
	else if (!read_answer(request, answer, mem, reply))
		brim_gemini_free(mem, reply);
	json_object_put(answer);
}

/* Give the drafts back; statistics and fault stay. */
void
brim_gemini_free(BrimMem *mem, BrimGeminiReply *reply)
{
	for (int i = 0; i < BRIM_GEMINI_MAX_VARIANTS; i++)
	{
		brim_mem_free(mem, reply->drafts[i].subject);
		brim_mem_free(mem, reply->drafts[i].body);
		reply->drafts[i].subject = NULL;
		reply->drafts[i].body = NULL;
	}
}
