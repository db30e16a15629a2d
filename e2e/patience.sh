#!/usr/bin/env bash
# Runs a test binary, and ends it if it prints nothing for 400 s. So a test that hangs becomes a failure with the stacks
# of its threads, and the run does not wait forever.
#
# The standard test runner runs all tests of a binary in one process, so they can share servers, control planes and
# operators, which take seconds to start, as plain values. A runner with one process for each test could limit each test
# too, but it would need those servers outside the tests, and would have to pass their certificates and addresses in.
#
# Usage: e2e/patience.sh COMMAND...   exits with the status of COMMAND, or with 124 if it ended COMMAND
# Environment: HOOPOE_FAILURES (a file to which the names, errors and panics of failed tests are added; default: none).
set -uo pipefail
limit=400
failures=${HOOPOE_FAILURES:-/dev/null}
telling=0
declare -A slow=()

tell() { # LINE: prints it if it belongs to a failure: a failed test's name or error, or a panic and the next two lines
    case $1 in
        'test '*' ... FAILED') printf '%s\n' "$1" ;;
        *' panicked at '*) telling=3 ;;
        'Error: '*) telling=1 ;; # the test returned an error
    esac
    if [ $telling != 0 ]; then
        printf '%s\n' "${1:0:300}"
        telling=$((telling - 1))
    fi
}

remember() { # LINE: keeps the list of tests that have run for a minute and have not ended
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
    elif [ $status -le 128 ]; then # the output has ended
        printf '%s' "$line"
        break
    elif ! kill -0 "$pid" 2>/dev/null; then # it has ended, but a process that it left behind holds its output open
        break
    else
        printf '%s\n' "$line" "patience: $1 has printed nothing for $limit s; its threads follow, then it is killed" |
            tee -a "$failures"
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
