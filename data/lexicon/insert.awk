# insert.awk - write the INSERT statements for the lexicon's words.
#
#	awk -f data/lexicon/insert.awk data/lexicon/classes.tsv data/lexicon/cues.tsv data/lexicon/terms/*.tsv
#
# make calls it for the install script.  README.md beside it has the columns.
# Whatever is not as it says is an error with file and line, and the end.

function fail(what)
{
	print (ended ? ended : FILENAME ":" FNR) ": " what | "cat 1>&2"
	failed = 1
	exit 1
}

function quoted(text)
{
	gsub(/'/, "''", text)
	return "'" text "'"
}

# Append an element to the array that is being written, on a new line where it is full
function add(text)
{
	text = quoted(text)
	if (column + length(text) > 118)
	{
		list = list ",\n    " text
		column = 4 + length(text)
	}
	else
	{
		list = list (list == "" ? "" : ", ") text
		column += 2 + length(text)
	}
}

function array(elements)
{
	return elements == "" ? "'{}'" : "ARRAY[" elements "]"
}

# The row of the term that was read, if there is one
function end_term()
{
	if (term == "")
		return
	lists[part] = list
	if (lists["words"] == "")
		fail("term " term " has no words")
	printf("%s(%s, %s, %s,\n  %s,\n  %s,\n  %s, true, true)", rows++ ? ",\n" : "", quoted(class), term, quoted(where),
		   array(lists["words"]), array(lists["near"]), array(lists["unless"]))
	term = ""
}

# The statement of the file that was read, if there is one
function end_file()
{
	if (file == "")
		return
	ended = file ":" lines
	end_term()
	if (rows == 0)
		fail("there is no row")
	print ";"
	rows = 0
	ended = ""
}

BEGIN {
	FS = "\t"
	header["classes"] = "class\tpolarity\tweight\thalf_life_days\tdescription\tsource\tnote"
	header["cues"] = "kind\tphrase\tsource\tnote"
	header["terms"] = "term\tpart\ttext\tsource\tnote"
	print "\n-- The words of the lexicon, made from data/lexicon by make."
}

FNR == 1 {
	end_file()
	lines = 1
	file = FILENAME
	files++
	name = FILENAME
	is_term = name ~ /\/terms\/[^\/]*$/
	sub(/^.*\//, "", name)
	sub(/\.tsv$/, "", name)
	kind = is_term ? "terms" : name
	if (!(kind in header))
		fail("it is none of classes.tsv, cues.tsv, terms/CLASS.tsv")
	if ($0 != header[kind])
		fail("the first line is not: " header[kind])
	columns = split(header[kind], names, "\t")
	if (kind == "classes")
		print "\nINSERT INTO brim.intent_class (class, polarity, weight, half_life_days, description, is_standard, is_shipped) VALUES"
	else if (kind == "cues")
		print "\nINSERT INTO brim.intent_cue (kind, phrase, is_standard, is_shipped) VALUES"
	else
	{
		class = name
		last_term = 0
		print "\nINSERT INTO brim.intent_term (class, term_no, source, words, near, unless, is_standard, is_shipped) VALUES"
	}
	next
}

{ lines = FNR }

# The note, which comes last, may be missing
NF != columns && NF != columns - 1 { fail("not " columns " columns, separated by tabs") }
/\r/ || /  / || /^ / || / \t/ || /\t / || / $/ { fail("a blank too many, or a carriage return") }
$(columns - 1) == "" { fail("no source is given") }

kind == "classes" {
	if ($1 !~ /^[a-z][a-z0-9_]*$/ || $2 !~ /^(-1|0|1)$/ || $3 !~ /^[0-9.]+$/ || $4 !~ /^[0-9]*$/ || $5 == "")
		fail("a class needs name, polarity (-1, 0, 1), weight, half-life in days or nothing, and description")
	printf("%s(%s, %s, %s, %s,\n  %s, true, true)", rows++ ? ",\n" : "", quoted($1), $2, $3, $4 == "" ? "NULL" : $4,
		   quoted($5))
	next
}

kind == "cues" {
	if ($1 == "" || $2 == "")
		fail("a cue needs kind and phrase")
	if (($1, $2) in cues)
		fail("the cue \"" $2 "\" of kind " $1 " is there already")
	cues[$1, $2] = 1
	printf("%s(%s, %s, true, true)", rows++ ? ",\n" : "", quoted($1), quoted($2))
	next
}

$2 == "where" {
	end_term()
	if ($1 !~ /^[0-9]+$/ || $1 + 0 <= last_term || $1 + 0 >= 1000)
		fail("terms are numbered upwards, from 1 to 999")
	if ($3 !~ /^(any|news|job_post)$/)
		fail("a term is looked for in any, news or job_post")
	term = last_term = $1 + 0
	where = $3
	part = list = ""
	lists["words"] = lists["near"] = lists["unless"] = ""
	next
}

{
	if ($1 != term "")
		fail("the first line of a term says where it is looked for")
	if ($2 !~ /^(words|near|unless)$/)
		fail("a part of a term is where, words, near or unless")
	if ($3 == "")
		fail("no text is given")
	if ($2 != part)
	{
		if (lists[$2] != "")
			fail("the lines of a part stand together")
		if (part != "")
			lists[part] = list
		part = $2
		list = ""
		column = 8
	}
	add($3)
}

END {
	if (!failed)
		end_file()
	if (!failed && files != ARGC - 1)
		fail("one of the " ARGC - 1 " files is empty")
}
