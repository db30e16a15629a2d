//! Finds the processes that belong to a server in `/proc`, and sends signals to them.

use std::collections::HashSet;

use rustix::process::{Pid, Signal, kill_process};

/// A process. It has its start time because the kernel may give the id to another process later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    /// The process id.
    pub(crate) pid: u32,
    started: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    process: Process,
    zombie: bool,
    parent: u32,
    session: u32,
}

/// The ids of `root` and all running processes below it: its descendants and the members of its session.
///
/// Both are needed: `PostgreSQL`'s backends and Erlang's port programs have their own sessions, and a process whose
/// parent has ended can be found only by its session.
pub fn processes_under(root: u32) -> Vec<u32> {
    members(root).into_iter().map(|process| process.pid).collect()
}

/// Like [`processes_under`], but with the start times.
pub(crate) fn members(root: u32) -> Vec<Process> {
    let all = all();
    let mut found = HashSet::from([root]);
    loop {
        let before = found.len();
        for stat in &all {
            if found.contains(&stat.parent) || found.contains(&stat.session) {
                found.insert(stat.process.pid);
            }
        }
        if found.len() == before {
            break;
        }
    }
    let living = |stat: &&Stat| !stat.zombie && found.contains(&stat.process.pid);
    all.iter().filter(living).map(|stat| stat.process).collect()
}

/// Whether the process still runs. A zombie does not run.
pub(crate) fn is_alive(process: Process) -> bool {
    read(process.pid).is_some_and(|stat| !stat.zombie && stat.process == process)
}

/// Whether every thread of the process is stopped, or the process is gone.
pub(crate) fn stands_still(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The state follows the name, which is in parentheses and may contain any character.
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        matches!(state, None | Some('T' | 't' | 'Z' | 'X'))
    })
}

/// Sends a signal. It is no error if the process is gone.
pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

fn all() -> Vec<Stat> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter_map(read).collect()
}

fn read(pid: u32) -> Option<Stat> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Parses `pid (name) state parent group session ... started`. The name may contain any character.
fn parse(line: &str) -> Option<Stat> {
    let pid = line.split(' ').next()?.parse().ok()?;
    let mut fields = line.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(15)?.parse().ok()?;
    Some(Stat { process: Process { pid, started }, zombie: matches!(state, "Z" | "X"), parent, session })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line = "7 (a) b (c)) S 3 4 5 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 77123 38836 1 2";
        let process = Process { pid: 7, started: 77123 };
        assert_eq!(parse(line), Some(Stat { process, zombie: false, parent: 3, session: 5 }));
    }

    #[test]
    fn this_process_is_alive() {
        assert!(processes_under(std::process::id()).contains(&std::process::id()));
    }
}
