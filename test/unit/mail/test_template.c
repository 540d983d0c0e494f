/*-------------------------------------------------------------------------
 *
 * test_template.c
 *	  Promises of core/template.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "core/mail/template.h"

static BrimBuf   out;
static BrimError error;

/* Fill a template with the variables of this test; NULL where that fails. */
static const char *
fill_str(BrimStr tmpl)
{
	BrimTemplateVar vars[] = {
		{{"company_name", 12}, {"Brücke & Söhne", strlen("Brücke & Söhne")}},
		{{"contact_name", 12}, {NULL, 0}},
		{{"industry", 8}, {"", 0}},
		{{"sly", 3}, {"{{company_name}}", 16}},
	};

	brim_buf_clear(&out);
	error.message[0] = '\0';
	if (!brim_template_render(tmpl, vars, 4, &out, &error))
		return NULL;
	return out.data != NULL ? out.data : "";
}

static const char *
fill(const char *tmpl)
{
	return fill_str(brim_str(tmpl));
}

int
main(void)
{
	BrimBuf         small;
	BrimTemplateVar var = {{"a", 1}, {"1234567", 7}};
	BrimStr         cut = {"{{company_name}}", 15};
	char            longer[400];

	brim_buf_init(&out, brim_mem_malloc(), 100000);

	unit_is_text(fill(""), "", "an empty template gives an empty text");
	unit_is_text(fill("Hello { you } }} all"), "Hello { you } }} all",
				 "text without a blank stays as it is");
	unit_is_text(fill("{{company_name}}"), "Brücke & Söhne", "a blank takes its value");
	unit_is_text(fill("a{{ company_name }}b{{company_name}}"), "aBrücke & SöhnebBrücke & Söhne",
				 "white space around a name does not count");
	unit_is_text(fill("Hi {{contact_name|there}}!"), "Hi there!",
				 "other words stand for a missing value");
	unit_is_text(fill("in {{industry|your industry}}."), "in your industry.",
				 "other words stand for an empty value");
	unit_is_text(fill("{{company_name|nobody}}"), "Brücke & Söhne",
				 "other words do not count where there is a value");
	unit_is_text(fill("<{{contact_name}}>"), "<>", "a missing value without other words is empty");
	unit_is_text(fill("{{contact_name| a | b }}"), " a | b ",
				 "other words go as written, bars and spaces too");
	unit_is_text(fill("{{sly}}"), "{{company_name}}", "values are not looked through for blanks");

	unit_ok(fill("Dear {{nobody}}") == NULL && strstr(error.message, "{{nobody}}") != NULL,
			"an unknown name is refused by name: %s", error.message);
	unit_ok(fill("{{}}") == NULL, "a blank without a name is refused");
	unit_ok(fill("{{|x}}") == NULL, "other words without a name are refused");
	unit_ok(fill("{{COMPANY_NAME}}") == NULL, "names are told apart by case");
	unit_ok(fill("Dear {{company_name}") == NULL && strstr(error.message, "not closed") != NULL,
			"a blank that is not closed is refused: %s", error.message);
	unit_ok(fill("{{company_name {{industry}}") == NULL, "a blank within a blank is refused");
	unit_ok(fill("x{{") == NULL, "braces at the very end are a blank that is not closed");
	unit_ok(fill_str(cut) == NULL, "nothing behind the length given is read");

	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "{{", 2);
	for (int i = 2; i + 1 < 300; i += 2)
		memcpy(longer + i, "\xC3\xA4", 2);
	longer[399] = '\0';
	unit_ok(fill(longer) == NULL && strlen(error.message) < 120,
			"an error shows only the begin of a long blank");

	brim_buf_init(&small, brim_mem_malloc(), 10);
	unit_ok(!brim_template_render(brim_str("{{a}}{{a}}"), &var, 1, &small, &error),
			"a text that is longer than the buffer may be is refused: %s", error.message);
	brim_buf_free(&small);
	brim_buf_free(&out);
	return unit_done();
}
