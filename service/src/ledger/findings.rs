//! What was found wrong: a count of each kind, and the first few in words.

/// How many examples are kept.
const EXAMPLES: usize = 20;

/// What was found wrong.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Notifications that appeared twice, and rows that the ledger did not send.
    pub doubled: u64,
    /// Revs that appeared for a second row, or that went backwards for a reader.
    pub backwards: u64,
    /// Heads whose `unread` differs from the count of their rows.
    pub unread_mismatches: u64,
    /// The first of them in words.
    pub examples: Vec<String>,
}

impl Findings {
    /// Counts one more double.
    pub fn doubled(&mut self, example: impl FnOnce() -> String) {
        self.doubled += 1;
        self.note("doubled", example);
    }

    /// Counts one more step backwards.
    pub fn backwards(&mut self, example: impl FnOnce() -> String) {
        self.backwards += 1;
        self.note("backwards", example);
    }

    /// Counts one more wrong `unread`.
    pub fn unread_mismatch(&mut self, example: impl FnOnce() -> String) {
        self.unread_mismatches += 1;
        self.note("unread", example);
    }

    /// Keeps an example of something that is counted elsewhere.
    pub fn note(&mut self, what: &str, example: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{what}: {}", example()));
        }
    }
}
