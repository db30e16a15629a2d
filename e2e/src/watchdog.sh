#!/bin/sh
# Ends what a test process started, once that process is gone; see watchdog.rs. Needs nothing but a POSIX shell.
# Standard input: "+ PID" a process and all below it, "- PID" it has ended, "d PATH" a folder to remove, "x PATH" a script to
# run before that.
trap '' HUP INT TERM
pids=' ' scripts=
while IFS=' ' read -r verb argument; do
    case $verb in
        +) pids="$pids$argument " ;;
        -) case $pids in *" $argument "*) pids="${pids%% "$argument" *} ${pids#* "$argument" }" ;; esac ;;
        d) set -- "$@" "$argument" ;;
        x) scripts="$scripts $argument" ;;
    esac
done

# Adds to $members what was started by one of them, or is in the session of one of them.
add_member() {
    read -r line 2>/dev/null <"$1" || return 0
    pid=${line%% *}
    # shellcheck disable=SC2086 # the fields after the name: state, parent, group, session
    set -- ${line##*) }
    case $members in *" $pid "*) return 0 ;; esac
    case $members in *" $2 "* | *" $4 "*) members="$members$pid " more=yes ;; esac
}

# Stopped first, so that no server can start another process while they are being listed.
for pid in $pids; do kill -STOP "$pid"; done
members=$pids more=yes
while [ -n "$more" ]; do
    more=
    for stat in /proc/[0-9]*/stat; do add_member "$stat"; done
done
for pid in $members; do kill -KILL "$pid"; done

for script in $scripts; do "$script"; done

# A process may write a last file after it was told to die.
for attempt in 1 2 3 4 5; do
    rm -rf -- "$@" && [ "$attempt" -gt 1 ] && break
    sleep 0.1
done
