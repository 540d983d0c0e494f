/*-------------------------------------------------------------------------
 *
 * reply.c
 *	  The drafts in Gemini's answer.
 *
 * The text of the answer is JSON of the shape that was asked for, and each of
 * its e-mails is a draft.  Nothing of this is taken for granted: the model
 * writes what it likes, and company data may have talked it into something.
 * What is wrong with a draft is said in words and tried again.
 *
 *-------------------------------------------------------------------------
 */
#include "core/gemini/internal.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#include "core/base/base.h"

#define LONGEST_BLANK 40 /* bytes between the brackets of a placeholder */

static bool
retry(BrimGeminiReply *reply, const char *why)
{
	return brim_gemini_frame_retry(&reply->answer, why);
}

/* The same with the variant that has the fault. */
static bool
retry_draft(BrimGeminiReply *reply, BrimStr variant, const char *why)
{
	char name[80];

	reply->answer.outcome = BRIM_GEMINI_RETRY;
	brim_gemini_json_clean(variant, name, sizeof(name));
	brim_error_set(&reply->answer.error, "draft for variant \"%s\": %s", name, why);
	return false;
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

/* Return true if it holds a link.  One could only come from the company's data. */
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

/* Read an HTTP answer; see gemini.h. */
void
brim_gemini_reply_read(const BrimGeminiRequest *request, int http_status, int retry_after_header,
					   const char *transport_error, BrimStr body, BrimMem *mem,
					   BrimGeminiReply *reply)
{
	BrimStr             told[2 + BRIM_GEMINI_MAX_VARIANTS];
	int                 ntold = 0;
	struct json_object *said;

	memset(reply, 0, sizeof(*reply));
	told[ntold++] = request->company;
	told[ntold++] = request->product_pitch;
	for (int i = 0; i < request->nvariants && i < BRIM_GEMINI_MAX_VARIANTS; i++)
		told[ntold++] = request->variants[i].instruction;
	said = brim_gemini_frame_read(told, ntold, http_status, retry_after_header, transport_error,
								  body, mem, &reply->answer);
	if (request->nvariants < 1 || request->nvariants > BRIM_GEMINI_MAX_VARIANTS)
		retry(reply, "no variant was asked for");
	else if (said != NULL && read_drafts(request, said, mem, reply))
		reply->answer.outcome = BRIM_GEMINI_ANSWERED;
	if (reply->answer.outcome != BRIM_GEMINI_ANSWERED)
		brim_gemini_reply_free(mem, reply);
	json_object_put(said);
}

/* Give the drafts back; statistics and fault stay. */
void
brim_gemini_reply_free(BrimMem *mem, BrimGeminiReply *reply)
{
	for (int i = 0; i < BRIM_GEMINI_MAX_VARIANTS; i++)
	{
		brim_mem_free(mem, reply->drafts[i].subject);
		brim_mem_free(mem, reply->drafts[i].body);
		reply->drafts[i].subject = NULL;
		reply->drafts[i].body = NULL;
	}
}
