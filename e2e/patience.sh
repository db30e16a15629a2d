#!/usr/bin/env bash
# Runs a test binary, and ends it where it has printed nothing for 400 s: a test that hangs is a failure with its threads' stacks,
# not a run without an end. Cargo takes it as a runner.
#
# Usage: e2e/patience.sh COMMAND...   with its status, or 124
set -uo pipefail
limit=400

exec 3< <(exec "$@" 2>&1)
pid=$!
while true; do
    IFS= read -r -t "$limit" -u 3 line
    status=$?
    if [ $status = 0 ]; then
        printf '%s\n' "$line"
    elif [ $status -le 128 ]; then # its end
        printf '%s' "$line"
        break
    elif ! kill -0 "$pid" 2>/dev/null; then # a process that it left behind holds its output open
        break
    else
        printf '%s\n' "$line" "patience: $1 has printed nothing for $limit s: its threads, and its end"
        if command -v eu-stack >/dev/null; then
            eu-stack --pid "$pid"
        else
            head -v /proc/"$pid"/task/*/{comm,wchan,stat}
        fi
        kill -KILL "$pid"
        exit 124
    fi
done
wait "$pid"
