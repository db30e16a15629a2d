//! The reason of a dead letter as a header.

/// The most bytes of a reason.
const LIMIT: usize = 1024;

/// The reason as one line of at most 1 KiB, cut at a character boundary.
pub(super) fn header(reason: &str) -> String {
    let line: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line[..line.floor_char_boundary(LIMIT)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_line_of_at_most_a_kibibyte() {
        assert_eq!(header("a\nb\u{0}c"), "a b c");
        assert_eq!(header(&"x".repeat(1024)).len(), 1024);
        assert_eq!(header(&"é".repeat(1000)).len(), 1024);
        assert_eq!(header(&format!("x{}", "é".repeat(1000))).len(), 1023);
    }
}
