/*-------------------------------------------------------------------------
 *
 * record_text.c
 *	  Texts of a row; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/row/internal.h"

bool
brim_record_text_choose(BrimTextReader *reader, Oid type, MemoryContext cxt)
{
	char category;
	bool preferred;
	Oid  function;
	bool is_varlena;

	reader->form = TEXT_FORM_NONE;
	if (type == BPCHAROID)
		reader->form = TEXT_FORM_BPCHAR;
	else if (type == NAMEOID)
		reader->form = TEXT_FORM_NAME;
	else if (type == TEXTOID || type == VARCHAROID)
		reader->form = TEXT_FORM_VARLENA;
	if (reader->form != TEXT_FORM_NONE)
		return true;
	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING && category != TYPCATEGORY_ENUM)
		return false;
	if (IsBinaryCoercible(type, TEXTOID))
	{
		reader->form = TEXT_FORM_VARLENA;
		return true;
	}
	reader->form = TEXT_FORM_OUTPUT;
	getTypeOutputInfo(type, &function, &is_varlena);
	fmgr_info_cxt(function, &reader->output, cxt);
	return true;
}

BrimStr
brim_record_text_read(const BrimTextReader *reader, Datum datum)
{
	BrimStr         text;
	struct varlena *value;

	if (reader->form == TEXT_FORM_NAME)
		return brim_str(NameStr(*DatumGetName(datum)));
	if (reader->form == TEXT_FORM_OUTPUT)
		return brim_str(OutputFunctionCall(unconstify(FmgrInfo *, &reader->output), datum));
	value = PG_DETOAST_DATUM_PACKED(datum);
	text.data = VARDATA_ANY(value);
	text.len = VARSIZE_ANY_EXHDR(value);
	if (reader->form == TEXT_FORM_BPCHAR)
	{
		while (text.len > 0 && text.data[text.len - 1] == ' ')
			text.len--;
	}
	return text;
}
