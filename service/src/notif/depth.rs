//! How deep a JSON text nests. It is computed without recursion, before the text is parsed.

/// The deepest nesting of arrays and objects in a text. Strings are skipped. It does not check whether the text is
/// JSON.
pub(super) fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => loop {
                match bytes.next() {
                    Some(b'\\') => {
                        bytes.next();
                    }
                    Some(b'"') | None => break,
                    Some(_) => {}
                }
            },
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn counts_brackets_outside_strings() {
        assert_eq!(depth(b"1"), 0);
        assert_eq!(depth(b"{}"), 1);
        assert_eq!(depth(br#"{"a":[{"b":"[[[\"[["}]}"#), 3);
        assert_eq!(depth(br#"["\\",[]]"#), 2);
        assert_eq!(depth(b"]]]["), 1);
        assert_eq!(depth("[".repeat(100_000).as_bytes()), 100_000);
        assert_eq!(depth(br#""never ended [[["#), 0);
    }
}
