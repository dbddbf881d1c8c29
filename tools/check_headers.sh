#!/bin/sh
# Every header of src/ compiles alone.   tools/check_headers.sh [COMPILER]
set -u
cd "$(dirname "$0")/.." || exit 1
compiler=${1:-g++}
failed=0
for header in $(git ls-files 'src/*.h'); do
  printf '#include "%s"\n' "${header#src/}" |
    "$compiler" -std=c++20 -Isrc -Wall -Wextra -Wno-missing-field-initializers -fsyntax-only -x c++ - || { echo "$header does not compile alone"; failed=1; }
done
[ $failed = 0 ] && echo "headers compile alone"
exit $failed
