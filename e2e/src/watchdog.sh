#!/bin/sh
# Ends the processes that a test process has started, once the test process is gone; see watchdog.rs. It needs only a
# POSIX shell. A line of standard input is one of: "+ PID", end this process and its descendants; "- PID", this process
# has ended already; "d PATH", remove this folder; "x PATH", run this script before the folders are removed.
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

# Adds the process of a file /proc/PID/stat to $members if its parent or its session's leader is a member.
add_member() {
    read -r line 2>/dev/null <"$1" || return 0
    pid=${line%% *}
    # shellcheck disable=SC2086 # the fields after the name: state, parent, group, session
    set -- ${line##*) }
    case $members in *" $pid "*) return 0 ;; esac
    case $members in *" $2 "* | *" $4 "*) members="$members$pid " more=yes ;; esac
}

# Stop the processes first, so that no server can start another process while the list is made.
for pid in $pids; do kill -STOP "$pid"; done
members=$pids more=yes
while [ -n "$more" ]; do
    more=
    for stat in /proc/[0-9]*/stat; do add_member "$stat"; done
done
for pid in $members; do kill -KILL "$pid"; done

for script in $scripts; do "$script"; done

# Remove the folders more than once, because a killed process may still write a last file.
for attempt in 1 2 3 4 5; do
    rm -rf -- "$@" && [ "$attempt" -gt 1 ] && break
    sleep 0.1
done
