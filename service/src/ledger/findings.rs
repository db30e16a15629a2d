//! What was found wrong, counted, with the first few of each kind in words.

/// How many examples are kept.
const EXAMPLES: usize = 20;

/// What was found wrong.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// A notification shown as two, or a row that nobody sent.
    pub doubled: u64,
    /// A rev that repeated for another row, or ran back for a reader.
    pub backwards: u64,
    /// Heads whose `unread` is not what their rows say.
    pub unread_mismatches: u64,
    /// The first of them in words.
    pub examples: Vec<String>,
}

impl Findings {
    /// One more double.
    pub fn doubled(&mut self, example: impl FnOnce() -> String) {
        self.doubled += 1;
        self.note("doubled", example);
    }

    /// One more step back.
    pub fn backwards(&mut self, example: impl FnOnce() -> String) {
        self.backwards += 1;
        self.note("backwards", example);
    }

    /// One more wrong count.
    pub fn unread_mismatch(&mut self, example: impl FnOnce() -> String) {
        self.unread_mismatches += 1;
        self.note("unread", example);
    }

    /// An example of something that is counted elsewhere.
    pub fn note(&mut self, what: &str, example: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{what}: {}", example()));
        }
    }
}
