# shellcheck shell=bash
# Measures the processor time of a command and of all processes that it starts. For scripts that `source` it.
#
# If this machine lets us make a control group, the measure includes servers that outlive the command's own children.
# Otherwise it includes only the processes whose end their parent has waited for.

own_group() { # prints the folder of this process's control group that counts processor time (version 1 or 2)
    local path
    if path=$(grep -m 1 -E '^[0-9]+:([a-z,]*,)?cpuacct(,[a-z,]*)?:' /proc/self/cgroup); then
        echo "/sys/fs/cgroup/cpuacct${path##*:}"
    else
        echo "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)"
    fi
}

# One group holds the groups of all commands, so that the cluster's tests, which look for groups left behind, see only
# one new group.
groups=$(own_group 2>/dev/null)/measured-$$
mkdir "$groups" 2>/dev/null && [ -e "$groups/cgroup.procs" ] || groups=

measured() { # FILE COMMAND...: runs COMMAND, returns its status and writes its seconds to FILE
    local file=$1 group=${groups:+$groups/$BASHPID-$RANDOM} status=0 TIMEFORMAT='%U %S'
    shift
    if [ -z "$group" ] || ! mkdir "$group" 2>/dev/null; then
        # File descriptor 3 keeps the output of `time` apart from the output of the command.
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
    rmdir "$group" 2>/dev/null || true # fails if the command has left processes running in it
    return $status
}

end_measured() { # gives processes that the commands left running a minute to end, kills them and removes the groups
    [ -n "$groups" ] || return 0
    for _ in $(seq 120); do
        [ -n "$(cat "$groups"/*/cgroup.procs 2>/dev/null)" ] || break
        sleep 0.5
    done
    # shellcheck disable=SC2046 # each argument is a process
    kill -KILL $(cat "$groups"/*/cgroup.procs 2>/dev/null) 2>/dev/null
    sleep 0.1
    rmdir "$groups"/* "$groups" 2>/dev/null
}
