#!/bin/sh
# Every C and C++ file is as clang-format would write it.   tools/check_format.sh [--fix]
set -eu
cd "$(dirname "$0")/.."
action='--dry-run -Werror'
[ "${1:-}" != --fix ] || action=-i
# shellcheck disable=SC2086
git ls-files -z '*.cc' '*.h' '*.c' | xargs -0 clang-format $action
echo formatted
