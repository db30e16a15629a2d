//! Lines on a terminal. Texts of other people lose their control characters, so that a title cannot move the cursor.

use std::io::{self, Write};

/// Writes one line to standard output and flushes it. Unlike with `println!`, a closed pipe is an error, not a panic.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// The text with every control character replaced: line breaks and tabs by a blank, others by U+FFFD.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' => ' ',
            // Bidirectional overrides would reorder the rest of the line.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            other if other.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// At most `width` characters of the text; the last one is an ellipsis if something was cut.
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
