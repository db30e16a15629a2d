//! What to start, and how.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};
use crate::user::User;

/// What to start, and how: for [`crate::Child::start`].
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
    /// A program, by its path or to be found in `PATH`. It gets the environment of this process and no input.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref().to_owned();
        let name = Path::new(&program).file_name().unwrap_or(&program).to_string_lossy().into_owned();
        Self { name, program, args: Vec::new(), env: Vec::new(), without_env: Vec::new(), folder: None, user: None }
    }

    /// The name in errors and of the log file; the program's by default.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Leaves out the variables of this process whose names begin so.
    #[must_use]
    pub fn without_env(mut self, prefix: impl Into<String>) -> Self {
        self.without_env.push(prefix.into());
        self
    }

    /// The folder it runs in; this process's by default.
    #[must_use]
    pub fn current_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The user it runs as; this process's by default.
    #[must_use]
    pub(crate) fn user(mut self, user: Option<User>) -> Self {
        self.user = user;
        self
    }

    /// The name in errors and of the log file.
    pub(crate) fn shown_name(&self) -> &str {
        &self.name
    }

    /// The command, held back until a line arrives on its input: the watchdog must know it before it runs.
    pub(crate) fn command(&self, log: &std::fs::File) -> Result<Command> {
        // `setsid` runs the program in its own process here, since a freshly forked shell leads no process group.
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
