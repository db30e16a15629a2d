# shellcheck shell=bash
# How much processor time a command uses, with all that it starts. For scripts that `source` it.
#
# Measured in a control group where this machine lets us make one, so that servers count that outlive the command's own children. Elsewhere
# only processes count whose end was waited for.

own_group() { # prints the folder of this process's control group that counts processor time, of either version
    local path
    if path=$(grep -m 1 -E '^[0-9]+:([a-z,]*,)?cpuacct(,[a-z,]*)?:' /proc/self/cgroup); then
        echo "/sys/fs/cgroup/cpuacct${path##*:}"
    else
        echo "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)"
    fi
}

# One group that holds those of all commands: the tests of the cluster look for what came and stayed beside it.
groups=$(own_group 2>/dev/null)/measured-$$
mkdir "$groups" 2>/dev/null && [ -e "$groups/cgroup.procs" ] || groups=

measured() { # FILE COMMAND...: runs it, with its status; the seconds go to FILE
    local file=$1 group=${groups:+$groups/$BASHPID-$RANDOM} status=0 TIMEFORMAT='%U %S'
    shift
    if [ -z "$group" ] || ! mkdir "$group" 2>/dev/null; then
        # What `time` prints is apart from what the command prints.
        { time "$@" 2>&3 3>&-; } 3>&2 2>"$file.time" || status=$?
        awk 'END { printf "%.0f\n", $1 + $2 }' "$file.time" >"$file"
        return $status
    fi
    (
        echo "$BASHPID" >"$group/cgroup.procs"
        "$@"
    ) || status=$?
    if [ -e "$group/cpuacct.usage" ]; then
        echo $(($(cat "$group/cpuacct.usage") / 1000000000)) >"$file"
    else
        echo $(($(sed -n 's/^usage_usec //p' "$group/cpu.stat") / 1000000)) >"$file"
    fi
    rmdir "$group" 2>/dev/null || true # what the command left running is still in it
    return $status
}

end_measured() { # ends what the commands left running, after a minute in which it may end itself, and removes the groups
    [ -n "$groups" ] || return 0
    for _ in $(seq 120); do
        [ -n "$(cat "$groups"/*/cgroup.procs 2>/dev/null)" ] || break
        sleep 0.5
    done
    # shellcheck disable=SC2046 # a process an argument
    kill -KILL $(cat "$groups"/*/cgroup.procs 2>/dev/null) 2>/dev/null
    sleep 0.1
    rmdir "$groups"/* "$groups" 2>/dev/null
}
