//! Lines on a terminal. What others wrote is shown without its control characters: a title may not move the cursor.

use std::io::{self, Write};

/// One line to standard output, at once. Unlike `println!` a closed pipe is an error, not a panic.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// The text with each control character replaced, line breaks by a blank, others by U+FFFD.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' => ' ',
            // Bidirectional overrides reorder what stands beside them on the line.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other if other.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// At most `width` characters, the last an ellipsis where something was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_reaches_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{7f}\u{85}\u{202e}d"), "a\u{fffd}[2Jb c\u{fffd}\u{fffd}\u{fffd}d");
        assert_eq!(plain("grüße 🐦"), "grüße 🐦");
    }

    #[test]
    fn a_long_text_is_cut_by_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
