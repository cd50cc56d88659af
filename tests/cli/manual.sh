#!/bin/bash
# The manual page: mandoc finds nothing to complain about, every verb and option is described, and
# the blocks of EXAMPLES run as they stand, against a real server.
. "$(dirname "$0")/lib.sh"
page=$PAWL_SOURCE/man/pawl.1

# The pages of the other programs need not be installed here.
mandoc -T lint "$page" 2>&1 |
    grep -vE 'referenced manual not found|outdated mandoc.db' >lint || true
check "mandoc: $(cat lint)" test ! -s lint
for section in NAME SYNOPSIS DESCRIPTION ENVIRONMENT FILES 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
    check "section $section" grep -qx ".Sh $section" "$page"
done

mandoc -T ascii -O width=100 "$page" | col -bx >text
mapfile -t verbs < <("$pawl" --help | sed -nE 's/^  ([a-z]+) +.*/\1/p')
for verb in "${verbs[@]}"; do
    check "verb $verb is described" grep -qE "^ +$verb( |$)" text
    for option in $("$pawl" "$verb" --help | sed -nE 's/^  (-[a-z], |    )(--[a-z-]+).*/\2/p'); do
        check "$verb $option is described" grep -qE -- "$option($|[^a-z-])" text
    done
done
for class in "${!class_code[@]}"; do
    [ "$class" != ok ] && [ "$class" != usage ] || continue
    check "exit code of $class" grep -qE "^ +${class_code[$class]} +\"$class\":" text
done

# The blocks, unescaped, as one script.
awk '/^\.Sh / { on = ($0 == ".Sh EXAMPLES") } /^\.Ed/ { block = 0 } on && block { print }
    /^\.Bd -literal/ { block = 1 }' "$page" |
    sed -e 's/\\-/-/g' -e 's/\\e/\\/g' -e 's/\\&//g' >examples
check "there are examples" test "$(grep -c '^pawl ' examples)" -ge 12
start_server
export PAWL_SOCKET=$socket PATH=$PAWL_BIN:$PATH
cp "$server_data/server.crt" server.crt
cp "$(command -v busybox)" hello
check "the examples run" bash -xeuo pipefail examples
check "and make what they say" test -s broadcast.ent -a -s hello2.pawl -a -s hello2.key

finish
