//! The options for starting a child process.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};
use crate::user::User;

/// The program that [`crate::Child::start`] starts, with its arguments, environment, folder and user.
#[derive(Debug, Clone)]
pub struct ChildOptions {
    name: String,
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    without_env: Vec<String>,
    folder: Option<PathBuf>,
    user: Option<User>,
}

impl ChildOptions {
    /// Options for a program, given by its path or by a name in `PATH`. It gets this process's environment and no
    /// input.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref().to_owned();
        let name = Path::new(&program).file_name().unwrap_or(&program).to_string_lossy().into_owned();
        Self { name, program, args: Vec::new(), env: Vec::new(), without_env: Vec::new(), folder: None, user: None }
    }

    /// Sets the name that errors and the log file use. The default is the program's name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Leaves out this process's environment variables whose names begin with this prefix.
    #[must_use]
    pub fn without_env(mut self, prefix: impl Into<String>) -> Self {
        self.without_env.push(prefix.into());
        self
    }

    /// Sets the folder in which the program runs. The default is this process's folder.
    #[must_use]
    pub fn current_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets the user that runs the program. The default is this process's user.
    #[must_use]
    pub(crate) fn user(mut self, user: Option<User>) -> Self {
        self.user = user;
        self
    }

    /// The name that errors and the log file use.
    pub(crate) fn shown_name(&self) -> &str {
        &self.name
    }

    /// The command, which waits for a line on its input before it runs, because the watchdog must know it first.
    pub(crate) fn command(&self, log: &std::fs::File) -> Result<Command> {
        // `setsid` does not fork here, because a new shell does not lead a process group.
        let mut command = Command::new("sh");
        command.args(["-c", "read -r go && exec setsid \"$@\" </dev/null", "hoopoe-e2e-launch"]);
        if let Some(user) = &self.user {
            command.args(user.prefix());
        }
        command.arg(&self.program).args(&self.args);
        for (name, _) in std::env::vars_os() {
            if self.without_env.iter().any(|prefix| name.to_string_lossy().starts_with(prefix.as_str())) {
                command.env_remove(name);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let copy = || log.try_clone().map_err(Error::io("share a log file"));
        command.stdin(Stdio::piped()).stdout(copy()?).stderr(copy()?);
        Ok(command)
    }
}
