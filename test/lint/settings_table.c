/*-------------------------------------------------------------------------
 *
 * settings_table.c
 *	  Print the table of settings, a setting a line, fields separated by tabs:
 *	  section, name, default, unit, range, context, description, details.
 *
 * It includes settings.c to read the very table that the library is built with.
 * The server's functions are not linked: nothing here calls them.  See settings.pl.
 *
 *-------------------------------------------------------------------------
 */
#include "../../src/pg/server/settings.c"

#undef printf

extern int printf(const char *format, ...);

static void
print_default(const Setting *s)
{
	switch (s->type)
	{
		case PGC_BOOL:
			printf("%s", s->boot ? "on" : "off");
			break;
		case PGC_INT:
		case PGC_REAL:
			printf("%d", s->boot);
			break;
		case PGC_STRING:
			printf("%s", s->boot_string[0] != '\0' ? s->boot_string : "''");
			break;
		case PGC_ENUM:
			for (const struct config_enum_entry *e = s->options; e->name != NULL; e++)
				if (e->val == s->boot)
					printf("%s", e->name);
			break;
	}
}

static void
print_range(const Setting *s)
{
	if (s->type == PGC_INT)
		printf("%d - %d", s->min, s->max);
	for (const struct config_enum_entry *e = s->options; e != NULL && e->name != NULL; e++)
		printf("%s%s", e == s->options ? "" : ", ", e->name);
}

int
main(void)
{
	for (size_t i = 0; i < lengthof(settings); i++)
	{
		const Setting *s = &settings[i];

		printf("%s\t%s\t", s->section, s->name);
		print_default(s);
		printf("\t%s\t", (s->flags & GUC_UNIT) == GUC_UNIT_S ? "s" : "");
		print_range(s);
		printf("\t%s\t%s\t%s\n", s->context == PGC_USERSET ? "session" : "reload", s->description,
			   s->details != NULL ? s->details : "");
	}
	return 0;
}
