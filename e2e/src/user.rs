//! Users of the system. A server that refuses to run as root runs as its own user.

use std::path::Path;

use crate::error::{Error, Result};

/// A user of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// The user's name.
    pub(crate) name: String,
    uid: u32,
    gid: u32,
}

impl User {
    /// Finds the user of that name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        let users = std::fs::read_to_string("/etc/passwd").map_err(Error::io("read the system's users"))?;
        parse(&users, name).ok_or_else(|| Error::UserMissing { user: name.to_owned() })
    }

    /// Makes this user the owner of a file or folder, but not of the folder's content.
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).map_err(Error::io(format!(
            "give {} to the user {}",
            path.display(),
            self.name
        )))
    }

    /// The words to put before a command so that it runs as this user, without a shell and in the same process.
    pub(crate) fn prefix(&self) -> [String; 5] {
        [
            "setpriv".to_owned(),
            format!("--reuid={}", self.uid),
            format!("--regid={}", self.gid),
            "--clear-groups".to_owned(),
            "--".to_owned(),
        ]
    }
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn parse(users: &str, name: &str) -> Option<User> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        found.then(|| User { name: name.to_owned(), uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_passwd_is_a_user() {
        let users = "root:x:0:0:root:/root:/bin/sh\n+\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";
        let postgres = User { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert_eq!(parse(users, "postgres"), Some(postgres));
        assert_eq!(parse(users, "redis"), None);
    }
}
