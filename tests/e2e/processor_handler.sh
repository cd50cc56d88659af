#!/bin/bash
# Kind 3 (SPEC 13): an opaque image goes to the handler through a pipe, after its digest held; the
# handler is confined as images are. With the argument "user": not as root.
. "$(dirname "$0")/processor_lib.sh"

head -c 3000000 /dev/urandom >data
digest=$(sha256sum <data | cut -d' ' -f1)
pack data --image data --kind opaque --name payload --version 7
pack refused --image data --kind opaque --name refused

# The same script takes it, looks around, and refuses what is called so.
cat >handler <<'EOF'
#!/bin/sh
echo "handler $1 $2 got $PAWL_IMAGE_NAME $PAWL_IMAGE_VERSION $PAWL_IMAGE_SIZE"
echo "digest $(sha256sum | cut -d' ' -f1)"
echo "state $(cat "$1/state/counter" "$1/unit.pud" 2>/dev/null | wc -c)"
echo "privileges $(grep -E 'NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\t\n')"
[ "$PAWL_IMAGE_NAME" != refused ]
EOF
# One that reads nothing succeeds as well: the pipe is its own business.
printf '#!/bin/sh\nexit 0\n' >idle
chmod 755 handler idle
chmod 755 "$scratch"

start
expect "no handler" "$(try data)" 'sequence=0 package=none running=0 failure=2$'
stop

start --handler "$scratch/handler" --handler-arg "$scratch" second
expect "handled" "$(try data)" '^state=7 sequence=1 .*failure=0$'
logged "image: handler $scratch second got payload 7 3000000\$" || fail "arguments and environment"
logged "image: digest $digest\$" || fail "the handler did not get the image"
! namespaces || logged 'image: state 0$' || fail "the handler could read the state"
logged 'image: privileges NoNewPrivs:1Seccomp:2$' || fail "the handler is not confined"
expect "refused by the handler" "$(try refused)" 'sequence=1 .*failure=64$'
stop

start --handler "$scratch/idle"
expect "an idle handler" "$(try data)" '^state=7 sequence=2 .*failure=0$'
stop
