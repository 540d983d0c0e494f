#!/usr/bin/env bash
#
# format.sh - the C code is formatted as .clang-format says.
#
# By clang-format 14, Debian 12's: other versions format otherwise.  Without it
# nothing can be checked, so that is a failure.  Run from the top of the source.

set -uo pipefail

for clang_format in clang-format-14 clang-format; do
	if "$clang_format" --version 2>/dev/null | grep -q 'version 14\.'; then break; fi
	clang_format=
done
if [ -z "$clang_format" ]; then
	echo "cannot check: clang-format 14 is needed (package clang-format-14, or pip install clang-format==14.0.6)"
	exit 1
fi

mapfile -t files < <(find src test/unit test/fuzz test/eval test/lint -name '*.[ch]' ! -path '*/build/*' ! -name unicode_words.h | sort)
if [ "${#files[@]}" -eq 0 ]; then
	echo "cannot check: no sources here; run this from the top of the source"
	exit 1
fi

status=0
for file in "${files[@]}"; do
	"$clang_format" --dry-run -Werror "$file" >/dev/null 2>&1 || {
		echo "$file is not formatted; run: $clang_format -i $file"
		status=1
	}
done
exit "$status"
