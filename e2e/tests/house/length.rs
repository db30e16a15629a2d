//! No file has more than 300 lines, without its tests.

use crate::sources::Source;

const LINES: usize = 300;

/// Returns a sentence for each file that is too long.
pub fn faults(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| is_code(&source.path))
        .map(|source| (source, source.text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count()))
        .filter(|(_, lines)| *lines > LINES)
        .map(|(source, lines)| format!("{} has {lines} lines before its tests; {LINES} is the limit.", source.path))
        .collect()
}

/// Whether a file is Rust code that is neither a test nor a benchmark.
fn is_code(path: &str) -> bool {
    path.contains("/src/")
        && path.strip_suffix(".rs").is_some_and(|path| !path.ends_with("/tests") && !path.contains("/tests/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_until_the_tests() {
        let long = "\n".repeat(301);
        let tested = format!("{}#[cfg(test)]\nmod tests {{{long}}}", "\n".repeat(300));
        let sources = [
            Source::new("x/src/a.rs", &long),
            Source::new("x/src/b.rs", &tested),
            Source::new("x/src/b/tests.rs", &long),
            Source::new("x/tests/it/c.rs", &long),
        ];
        assert_eq!(faults(&sources), ["x/src/a.rs has 301 lines before its tests; 300 is the limit."]);
    }
}
