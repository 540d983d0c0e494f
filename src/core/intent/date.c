/*-------------------------------------------------------------------------
 *
 * date.c
 *	  The date that stands at the beginning or the end of a text.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/intent.h"

#include "core/base/base.h"

#define DATE_LEN 10         /* YYYY-MM-DD */
#define DAYS_TO_2000 730425 /* from 0000-03-01 to 2000-01-01 */

static bool
read_digits(const char *data, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++)
	{
		if (data[i] < '0' || data[i] > '9')
			return false;
		*number = *number * 10 + (data[i] - '0');
	}
	return true;
}

/* Read a date of the proleptic Gregorian calendar. */
static bool
read_date(const char *data, int *day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int              year;
	int              month;
	int              mday;
	bool             is_leap;

	if (data[4] != '-' || data[7] != '-' || !read_digits(data, 4, &year) ||
		!read_digits(data + 5, 2, &month) || !read_digits(data + 8, 2, &mday))
		return false;
	is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (year < 1 || month < 1 || month > 12 || mday < 1 ||
		mday > days[month - 1] + (month == 2 && is_leap))
		return false;

	/* Years that begin in March, so that the leap day is the last */
	if (month <= 2)
	{
		year--;
		month += 12;
	}
	*day = 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + mday -
		   1 - DAYS_TO_2000;
	return true;
}

bool
brim_intent_date(BrimStr text, int *day)
{
	const char *data = text.data;
	size_t      len = text.len;

	if (len >= DATE_LEN && data[0] >= '0' && data[0] <= '9')
	{
		/* Followed by no further digit or letter: 2024-01-012 is none */
		if ((len == DATE_LEN ||
			 brim_text_ascii_class[(unsigned char) data[DATE_LEN]] != BRIM_CHAR_WORD) &&
			read_date(data, day))
			return true;
	}
	if (len >= DATE_LEN + 2 && ((data[0] == '(' && data[DATE_LEN + 1] == ')') ||
								(data[0] == '[' && data[DATE_LEN + 1] == ']')))
	{
		if (read_date(data + 1, day))
			return true;
	}
	if (len >= DATE_LEN + 2 && data[len - 1] == ')' && data[len - DATE_LEN - 2] == '(')
		return read_date(data + len - DATE_LEN - 1, day);
	return false;
}
