/*-------------------------------------------------------------------------
 *
 * figures.c
 *	  Amounts of money, numbers of people and rounds of funding in a sentence.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/intent/work.h"
#include "core/base/base.h"

#define VALUE_MAX INT64_C(100000000000000000) /* 10^15 in 1/100 */
#define PEOPLE_MAX 10000000
#define FIGURE_REACH 20 /* tokens between a figure and what it belongs to */

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
people_behind(const BrimIntentWork *work, int token)
{
	for (int i = token; i < token + 4 && i < work->sentence.ntokens; i++)
	{
		const BrimToken *at = &work->sentence.tokens[i];

		if ((at->gap & (BRIM_GAP_COMMA | BRIM_GAP_BREAK)) != 0 || at->is_number ||
			brim_intent_token_in(work, i, no_people_words))
			return -1;
		if (brim_intent_token_in(work, i, people_words))
			return i;
	}
	return -1;
}

/* Read the number that begins with a token; the token behind it. */
static int
read_figure(BrimIntentWork *work, int token)
{
	BrimSentence *sentence = &work->sentence;
	BrimStr       text = work->text.text;
	BrimFigure   *figure = &sentence->figures[sentence->nfigures];
	size_t        start = sentence->tokens[token].start;
	size_t        end;
	size_t        at;
	int           next = token;
	int           people = -1;
	int64_t       times = 0;
	BrimStr       tail;

	memset(figure, 0, sizeof(*figure));
	end = read_number(text, start, sentence->end, &figure->value);
	while (next < sentence->ntokens && sentence->tokens[next].end <= end)
		next++;
	tail.data = text.data + end;
	tail.len = 0;
	if (next < sentence->ntokens && sentence->tokens[next].start < end)
	{
		/* Letters right behind the digits: 5m; others make it no number: 3rd, 4x4 */
		tail.len = sentence->tokens[next].end - end;
		times = scale_named(tail);
		next++;
		if (times == 0)
			return next;
	}
	else if (next < sentence->ntokens && sentence->tokens[next].start - end <= 1)
	{
		times = scale_named(brim_intent_token(work, next));
		next += times > 0;
	}
	if (times > 0)
		figure->value = scaled(figure->value, times) +
						(times >= 1000 ? third_digit(text, start, end) * times / 10 : 0);
	figure->span.first = token;
	figure->span.last = next - 1;
	at = sentence->tokens[next - 1].end > end ? sentence->tokens[next - 1].end : end;
	if (at < sentence->end && text.data[at] == ' ')
		at++;
	figure->is_percent = (at < sentence->end && text.data[at] == '%') ||
						 brim_intent_token_is(work, next, "percent") ||
						 brim_intent_token_is(work, next, "pc");
	figure->currency = sign_before(text, sentence->start, start);
	if (figure->currency == NULL && token > 0)
		figure->currency = currency_named(brim_intent_token(work, token - 1));
	if (figure->currency == NULL && next < sentence->ntokens)
	{
		figure->currency = currency_named(brim_intent_token(work, next));
		if (figure->currency != NULL)
			figure->span.last = next++;
	}
	if (figure->is_percent)
		figure->currency = NULL;
	if (figure->currency == NULL && !figure->is_percent && figure->value >= 100 &&
		figure->value <= INT64_C(100) * PEOPLE_MAX)
		people = people_behind(work, next);
	figure->is_people = people >= 0;
	if (figure->is_people)
		figure->span.last = people;
	sentence->nfigures++;
	return next;
}

/* "$10-15 million": the first number of a range has the scale and currency of the second. */
static void
join_ranges(BrimIntentWork *work)
{
	BrimSentence *sentence = &work->sentence;

	for (int i = 0; i + 1 < sentence->nfigures; i++)
	{
		BrimFigure *a = &sentence->figures[i];
		BrimFigure *b = &sentence->figures[i + 1];
		bool        is_range = b->span.first == a->span.last + 1 ||
						(b->span.first == a->span.last + 2 &&
						 (brim_intent_token_is(work, a->span.last + 1, "to") ||
						  brim_intent_token_is(work, a->span.last + 1, "and")));

		if (!is_range || (sentence->tokens[b->span.first].gap & BRIM_GAP_COMMA) != 0)
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

/* Note a round of funding; true where one begins with the token. */
static bool
note_round(BrimIntentWork *work, int token)
{
	static const char *const letters[] = {"series a", "series b", "series c", "series d",
										  "series e", "series f", "series g", "series h",
										  "series i", "series j", "series k"};
	static const char *const kinds[] = {"seed",   "angel", "bridge",  "mezzanine",
										"growth", "debt",  "venture", NULL};
	static const char *const nouns[] = {"round",   "funding", "financing", "investment",
										"capital", "raise",   "extension", "facility",
										"equity",  "loan",    NULL};
	BrimSentence            *sentence = &work->sentence;
	const char              *round = NULL;
	int                      last = token;

	if (brim_intent_token_is(work, token, "series") && token + 1 < sentence->ntokens)
	{
		BrimStr letter = brim_intent_token(work, token + 1);
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
	else if (brim_intent_token_in(work, token, kinds))
	{
		bool is_pre = brim_intent_token_is(work, token - 1, "pre");
		bool is_round = is_pre;

		for (int i = token + 1; i <= token + 2 && !is_round; i++)
			is_round = brim_intent_token_in(work, i, nouns);
		if (!is_round)
			return false;
		for (int i = 0; kinds[i] != NULL; i++)
		{
			if (brim_intent_token_is(work, token, kinds[i]))
				round = i == 0 && is_pre ? "pre-seed" : kinds[i];
		}
	}
	else if (brim_intent_token_is(work, token, "preseed"))
		round = "pre-seed";
	if (round == NULL)
		return false;
	sentence->round = round;
	sentence->round_span.first = token;
	sentence->round_span.last = last;
	return true;
}

void
brim_intent_figures(BrimIntentWork *work)
{
	BrimSentence *sentence = &work->sentence;

	sentence->nfigures = 0;
	sentence->round = NULL;
	for (int token = 0; token < sentence->ntokens;)
	{
		if (sentence->tokens[token].is_number && sentence->nfigures < BRIM_FIGURES_MAX)
			token = read_figure(work, token);
		else
		{
			if (sentence->round == NULL)
				note_round(work, token);
			token++;
		}
	}
	join_ranges(work);
}

/* Tokens between two spans; 0 where they touch or overlap. */
static int
distance(BrimSpan a, BrimSpan b)
{
	if (b.first > a.last)
		return b.first - a.last - 1;
	return a.first > b.last ? a.first - b.last - 1 : 0;
}

/* Does another clause begin between two spans: ", and", a break? */
static bool
is_apart(const BrimIntentWork *work, BrimSpan a, BrimSpan b)
{
	static const char *const begins[] = {"and", "but", "while", "as", NULL};
	const BrimSentence      *sentence = &work->sentence;
	int                      from = a.last < b.first ? a.last : b.last;
	int                      to = a.last < b.first ? b.first : a.first;

	if (to <= from)
		return false;
	if (to - from > FIGURE_REACH || sentence->breaks[to] != sentence->breaks[from])
		return true;
	for (int i = from + 1; i <= to; i++)
	{
		if ((sentence->tokens[i].gap & BRIM_GAP_COMMA) != 0 &&
			brim_intent_token_in(work, i, begins))
			return true;
	}
	return false;
}

void
brim_intent_hit_figures(const BrimIntentWork *work, BrimSpan evidence, BrimIntentHit *hit)
{
	const BrimSentence *sentence = &work->sentence;
	int                 money_at = BRIM_TOKENS_MAX;
	int                 people_at = BRIM_TOKENS_MAX;

	for (int i = 0; i < sentence->nfigures; i++)
	{
		const BrimFigure *figure = &sentence->figures[i];
		int               at = distance(evidence, figure->span);

		if (is_apart(work, evidence, figure->span))
			continue;
		if (figure->currency != NULL && at < money_at)
		{
			money_at = at;
			hit->has_amount = true;
			hit->amount = figure->value;
			hit->currency = brim_str(figure->currency);
		}
		if (figure->is_people && at < people_at)
		{
			people_at = at;
			hit->people = (int) (figure->value / 100);
		}
	}
	if (sentence->round != NULL && !is_apart(work, evidence, sentence->round_span))
		hit->round = brim_str(sentence->round);
}
