/*-------------------------------------------------------------------------
 *
 * figures.c
 *	  Amounts of money, numbers of people and rounds of funding in a sentence.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <string.h>

#define VALUE_MAX INT64_C(100000000000000000) /* 10^15 in 1/100 */
#define PEOPLE_MAX 10000000

typedef struct Name
{
	const char *name;
	const char *stands_for;
} Name;

/* Signs of currencies, longest first. */
static const Name signs[] = {{"US$", "USD"},      {"CA$", "CAD"},          {"AU$", "AUD"},
							 {"NZ$", "NZD"},      {"HK$", "HKD"},          {"C$", "CAD"},
							 {"A$", "AUD"},       {"S$", "SGD"},           {"R$", "BRL"},
							 {"$", "USD"},        {"\xE2\x82\xAC", "EUR"}, {"\xC2\xA3", "GBP"},
							 {"\xC2\xA5", "JPY"}, {"\xE2\x82\xB9", "INR"}, {NULL, NULL}};

/* Words before or behind a number. */
static const Name currencies[] = {
	{"usd", "USD"},   {"eur", "EUR"},    {"gbp", "GBP"},     {"jpy", "JPY"},    {"chf", "CHF"},
	{"cad", "CAD"},   {"aud", "AUD"},    {"sek", "SEK"},     {"nok", "NOK"},    {"dkk", "DKK"},
	{"inr", "INR"},   {"cny", "CNY"},    {"rmb", "CNY"},     {"yuan", "CNY"},   {"sgd", "SGD"},
	{"hkd", "HKD"},   {"pln", "PLN"},    {"czk", "CZK"},     {"brl", "BRL"},    {"krw", "KRW"},
	{"rs", "INR"},    {"dollar", "USD"}, {"dollars", "USD"}, {"euro", "EUR"},   {"euros", "EUR"},
	{"pound", "GBP"}, {"pounds", "GBP"}, {"yen", "JPY"},     {"rupees", "INR"}, {"francs", "CHF"},
	{NULL, NULL}};

static const struct
{
	const char *name;
	int64_t     times;
} scales[] = {{"k", 1000},
			  {"thousand", 1000},
			  {"m", 1000000},
			  {"mn", 1000000},
			  {"mln", 1000000},
			  {"mm", 1000000},
			  {"mio", 1000000},
			  {"mil", 1000000},
			  {"million", 1000000},
			  {"millions", 1000000},
			  {"b", 1000000000},
			  {"bn", 1000000000},
			  {"bln", 1000000000},
			  {"billion", 1000000000},
			  {"billions", 1000000000},
			  {"tn", INT64_C(1000000000000)},
			  {"trillion", INT64_C(1000000000000)},
			  {"lakh", 100000},
			  {"crore", 10000000},
			  {"cr", 10000000},
			  {NULL, 0}};

static const char *const people_words[] = {
	"jobs",         "employees",   "workers", "people",     "staff",         "staffers",
	"positions",    "roles",       "hires",   "engineers",  "posts",         "layoffs",
	"redundancies", "colleagues",  "job",     "developers", "professionals", "salespeople",
	"specialists",  "associates",  "drivers", "openings",   "vacancies",     "recruits",
	"technicians",  "apprentices", NULL};

/* Words that may stand between a number and the people. */
static const char *const no_people_words[] = {
	"million", "billion", "years",  "percent", "stores",  "customers", "countries",
	"shares",  "days",    "months", "hours",   "offices", NULL};

static bool
same_word(BrimStr word, const char *name)
{
	for (size_t i = 0; i < word.len; i++)
	{
		if (name[i] == '\0' || (char) brim_text_lower_byte((unsigned char) word.data[i]) != name[i])
			return false;
	}
	return name[word.len] == '\0';
}

static const char *
currency_named(BrimStr word)
{
	for (const Name *name = currencies; name->name != NULL; name++)
	{
		if (same_word(word, name->name))
			return name->stands_for;
	}
	return NULL;
}

static int64_t
scale_named(BrimStr word)
{
	for (int i = 0; scales[i].name != NULL; i++)
	{
		if (same_word(word, scales[i].name))
			return scales[i].times;
	}
	return 0;
}

/* The sign of a currency that ends at a place of the text. */
static const char *
sign_before(BrimStr text, size_t start, size_t at)
{
	if (at > start && text.data[at - 1] == ' ')
		at--;
	for (const Name *sign = signs; sign->name != NULL; sign++)
	{
		size_t len = strlen(sign->name);

		if (at - start >= len && memcmp(text.data + at - len, sign->name, len) == 0)
			return sign->stands_for;
	}
	return NULL;
}

/*
 * Read digits with their separators from a place on; a comma or point before
 * one or two last digits begins the fraction.  Where it ends.
 */
static size_t
read_number(BrimStr text, size_t at, size_t end, int64_t *value)
{
	int64_t whole = 0;
	int64_t hundredths = 0;
	int     ndigits = 0;

	for (; at < end; at++)
	{
		char c = text.data[at];

		if (c >= '0' && c <= '9')
		{
			if (whole < VALUE_MAX / 1000)
				whole = whole * 10 + (c - '0');
			ndigits++;
		}
		else if ((c == ',' || c == '.') && at + 1 < end && text.data[at + 1] >= '0' &&
				 text.data[at + 1] <= '9')
		{
			size_t next = at + 1;

			while (next < end && text.data[next] >= '0' && text.data[next] <= '9')
				next++;
			if (c == ',' && next - at == 4)
				continue; /* thousands */
			hundredths = (text.data[at + 1] - '0') * 10;
			if (next - at > 2)
				hundredths += text.data[at + 2] - '0';
			at = next;
			break;
		}
		else
			break;
	}
	*value = whole * 100 + hundredths;
	return at;
}

/* value * times, at most VALUE_MAX; the fraction of millions is kept to its third digit by the caller. */
static int64_t
scaled(int64_t value, int64_t times)
{
	if (value > VALUE_MAX / times)
		return VALUE_MAX;
	return value * times;
}

/* The third digit of a fraction counts where a scale follows: 1.125 million. */
static int64_t
third_digit(BrimStr text, size_t start, size_t end)
{
	const char *point = memchr(text.data + start, '.', end - start);

	if (point == NULL || (size_t) (text.data + end - point) < 4)
		return 0;
	return point[3] - '0';
}

/* The jobs or people that follow a number, or -1. */
static int
people_behind(const BrimTokens *tokens, int token)
{
	for (int i = token; i < token + 4 && i < tokens->count; i++)
	{
		const BrimToken *at = &tokens->at[i];

		if ((at->gap & (BRIM_GAP_COMMA | BRIM_GAP_BREAK)) != 0 || at->is_number ||
			brim_intent_tokens_in(tokens, i, no_people_words))
			return -1;
		if (brim_intent_tokens_in(tokens, i, people_words))
			return i;
	}
	return -1;
}

/* Read the number that begins with a token; the token behind it. */
static int
read_figure(BrimFigures *figures, const BrimTokens *tokens, int token)
{
	BrimStr     text = tokens->text->text;
	BrimFigure *figure = &figures->at[figures->count];
	size_t      start = tokens->at[token].start;
	size_t      end;
	size_t      at;
	int         next = token;
	int         people = -1;
	int64_t     times = 0;
	BrimStr     tail;

	memset(figure, 0, sizeof(*figure));
	end = read_number(text, start, tokens->end, &figure->value);
	while (next < tokens->count && tokens->at[next].end <= end)
		next++;
	tail.data = text.data + end;
	tail.len = 0;
	if (next < tokens->count && tokens->at[next].start < end)
	{
		/* Letters right behind the digits: 5m; others make it no number: 3rd, 4x4 */
		tail.len = tokens->at[next].end - end;
		times = scale_named(tail);
		next++;
		if (times == 0)
			return next;
	}
	else if (next < tokens->count && tokens->at[next].start - end <= 1)
	{
		times = scale_named(brim_intent_tokens_text(tokens, next));
		next += times > 0;
	}
	if (times > 0)
		figure->value = scaled(figure->value, times) +
						(times >= 1000 ? third_digit(text, start, end) * times / 10 : 0);
	figure->span.first = token;
	figure->span.last = next - 1;
	at = tokens->at[next - 1].end > end ? tokens->at[next - 1].end : end;
	if (at < tokens->end && text.data[at] == ' ')
		at++;
	figure->is_percent = (at < tokens->end && text.data[at] == '%') ||
						 brim_intent_tokens_is(tokens, next, "percent") ||
						 brim_intent_tokens_is(tokens, next, "pc");
	figure->currency = sign_before(text, tokens->start, start);
	if (figure->currency == NULL && token > 0)
		figure->currency = currency_named(brim_intent_tokens_text(tokens, token - 1));
	if (figure->currency == NULL && next < tokens->count)
	{
		figure->currency = currency_named(brim_intent_tokens_text(tokens, next));
		if (figure->currency != NULL)
			figure->span.last = next++;
	}
	if (figure->is_percent)
		figure->currency = NULL;
	if (figure->currency == NULL && !figure->is_percent && figure->value >= 100 &&
		figure->value <= INT64_C(100) * PEOPLE_MAX)
		people = people_behind(tokens, next);
	figure->is_people = people >= 0;
	if (figure->is_people)
		figure->span.last = people;
	figures->count++;
	return next;
}

/* "$10-15 million": the first number of a range has the scale and currency of the second. */
static void
join_ranges(BrimFigures *figures, const BrimTokens *tokens)
{
	for (int i = 0; i + 1 < figures->count; i++)
	{
		BrimFigure *a = &figures->at[i];
		BrimFigure *b = &figures->at[i + 1];
		bool        is_range = b->span.first == a->span.last + 1 ||
						(b->span.first == a->span.last + 2 &&
						 (brim_intent_tokens_is(tokens, a->span.last + 1, "to") ||
						  brim_intent_tokens_is(tokens, a->span.last + 1, "and")));

		if (!is_range || (tokens->at[b->span.first].gap & BRIM_GAP_COMMA) != 0)
			continue;
		if (a->currency != NULL && a->value > 0 && a->value < 100000 &&
			b->value >= 100000 * INT64_C(1000))
		{
			int64_t times = 1000;

			while (times < INT64_C(1000000000000) && a->value < b->value / 1000 / times)
				times *= 1000;
			a->value = scaled(a->value, times);
		}
		a->is_people |= b->is_people && a->currency == NULL && a->value >= 100;
	}
}

/* Note a round of funding that begins with a token; false where none does. */
static bool
note_round(BrimFigures *figures, const BrimTokens *tokens, int token)
{
	static const char *const letters[] = {"series a", "series b", "series c", "series d",
										  "series e", "series f", "series g", "series h",
										  "series i", "series j", "series k"};
	static const char *const kinds[] = {"seed",   "angel", "bridge",  "mezzanine",
										"growth", "debt",  "venture", NULL};
	static const char *const nouns[] = {"round",   "funding", "financing", "investment",
										"capital", "raise",   "extension", "facility",
										"equity",  "loan",    NULL};
	const char              *round = NULL;
	int                      last = token;

	if (brim_intent_tokens_is(tokens, token, "series") && token + 1 < tokens->count)
	{
		BrimStr letter = brim_intent_tokens_text(tokens, token + 1);
		int     number =
            letter.len > 0 ? brim_text_lower_byte((unsigned char) letter.data[0]) - 'a' : -1;

		if (number >= 0 && number <= 10 &&
			(letter.len == 1 ||
			 (letter.len == 2 && letter.data[1] >= '0' && letter.data[1] <= '9')))
		{
			round = letters[number];
			last = token + 1;
		}
	}
	else if (brim_intent_tokens_in(tokens, token, kinds))
	{
		bool is_pre = brim_intent_tokens_is(tokens, token - 1, "pre");
		bool is_round = is_pre;

		for (int i = token + 1; i <= token + 2 && !is_round; i++)
			is_round = brim_intent_tokens_in(tokens, i, nouns);
		if (!is_round)
			return false;
		for (int i = 0; kinds[i] != NULL; i++)
		{
			if (brim_intent_tokens_is(tokens, token, kinds[i]))
				round = i == 0 && is_pre ? "pre-seed" : kinds[i];
		}
	}
	else if (brim_intent_tokens_is(tokens, token, "preseed"))
		round = "pre-seed";
	if (round == NULL)
		return false;
	figures->round = round;
	figures->round_span.first = token;
	figures->round_span.last = last;
	return true;
}

void
brim_intent_figures_read(BrimFigures *figures, const BrimTokens *tokens)
{
	figures->count = 0;
	figures->round = NULL;
	for (int token = 0; token < tokens->count;)
	{
		if (tokens->at[token].is_number && figures->count < BRIM_FIGURES_MAX)
			token = read_figure(figures, tokens, token);
		else
		{
			if (figures->round == NULL)
				note_round(figures, tokens, token);
			token++;
		}
	}
	join_ranges(figures, tokens);
}

bool
brim_intent_figures_fit(BrimPlaceholder placeholder, const BrimFigure *figure)
{
	switch (placeholder)
	{
		case BRIM_PLACEHOLDER_MONEY:
			return figure->currency != NULL;
		case BRIM_PLACEHOLDER_PERCENT:
			return figure->is_percent;
		case BRIM_PLACEHOLDER_PEOPLE:
			return figure->is_people;
		case BRIM_PLACEHOLDER_NUMBER:
			return true;
		case BRIM_PLACEHOLDER_COMPANY:
		case BRIM_PLACEHOLDER_NAME:
		case BRIM_PLACEHOLDER_NONE:
			break;
	}
	return false;
}
