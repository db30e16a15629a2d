#!/usr/bin/env bash
# Runs a test binary, and ends it where it has printed nothing for 400 s: a test that hangs is a failure with its threads' stacks,
# not a run without an end.
#
# The standard test runner runs all tests of a binary in one process, so they share servers, control planes and operators that take seconds
# to start and are plain values there. A runner with a process for each test has a limit for each test too, but would need all of those
# outside the tests, with their certificates and addresses handed in.
#
# Usage: e2e/patience.sh COMMAND...   with its status, or 124
# Environment: HOOPOE_FAILURES (a file; what failed and how it panicked is added to it, a few lines a test; default: nowhere).
set -uo pipefail
limit=400
failures=${HOOPOE_FAILURES:-/dev/null}
telling=0
declare -A slow=()

tell() { # LINE: prints what of it is of a failure: the name of a test, or a panic with the two lines that follow it
    case $1 in
        'test '*' ... FAILED') printf '%s\n' "$1" ;;
        *' panicked at '*) telling=3 ;;
    esac
    if [ $telling != 0 ]; then
        printf '%s\n' "${1:0:300}"
        telling=$((telling - 1))
    fi
}

remember() { # LINE: which tests have run for a minute and have not ended
    local name
    case $1 in
        'test '*' has been running for over 60 seconds') name=${1#test } && slow[${name%% *}]=yes ;;
        'test '*' ... '*) name=${1#test } && unset "slow[${name%% *}]" ;;
    esac
}

exec 3< <(exec "$@" 2>&1)
pid=$!
while true; do
    IFS= read -r -t "$limit" -u 3 line
    status=$?
    if [ $status = 0 ]; then
        printf '%s\n' "$line"
        tell "$line" >>"$failures"
        remember "$line"
    elif [ $status -le 128 ]; then # its end
        printf '%s' "$line"
        break
    elif ! kill -0 "$pid" 2>/dev/null; then # a process that it left behind holds its output open
        break
    else
        printf '%s\n' "$line" "patience: $1 has printed nothing for $limit s: its threads, and its end" | tee -a "$failures"
        printf 'patience: still running: %s\n' "${!slow[@]}" | tee -a "$failures"
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
