//! No line is wider than 120 columns. The check is needed because rustfmt wraps code but not comments and texts.

use crate::sources::Source;

const COLUMNS: usize = 120;
const WORST: usize = 20;

/// Returns a sentence for the sum of wide lines, and one for each of the files with the most of them.
pub fn faults(sources: &[Source]) -> Vec<String> {
    let mut wide: Vec<(&Source, Vec<usize>)> =
        sources.iter().map(|source| (source, wide_lines(source))).filter(|(_, lines)| !lines.is_empty()).collect();
    if wide.is_empty() {
        return Vec::new();
    }
    wide.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.len()));
    let sum: usize = wide.iter().map(|(_, lines)| lines.len()).sum();
    let head =
        format!("{sum} lines in {} files are wider than {COLUMNS} columns; the files with most of them:", wide.len());
    let worst = wide.iter().take(WORST).map(|(source, lines)| {
        let first: Vec<String> = lines.iter().take(5).map(usize::to_string).collect();
        let more = if lines.len() > 5 { ", …" } else { "" };
        format!("{}: {} (lines {}{more}).", source.path, lines.len(), first.join(", "))
    });
    std::iter::once(head).chain(worst).collect()
}

/// Whether the limit applies to a line. It applies to all Rust and shell code, to the prose of pages, and to comments
/// in other hand-written files.
fn counts(path: &str, line: &str, in_code: bool) -> bool {
    let start = line.trim_start();
    match path.rsplit(['.', '/']).next().unwrap_or(path) {
        "rs" | "sh" => true,
        // A table cannot be wrapped, and some links cannot.
        "md" | "gotmpl" => !in_code && !start.starts_with(['|', '!']),
        "yaml" | "toml" | "tpl" | "Makefile" | "Containerfile" => start.starts_with('#') || start.starts_with("{{- /*"),
        "sql" | "lua" => start.starts_with("--"),
        "go" | "mod" | "c" => start.starts_with("//"),
        _ => false,
    }
}

/// The numbers of the wide lines of a file.
fn wide_lines(source: &Source) -> Vec<usize> {
    let mut in_code = false;
    let mut wide = Vec::new();
    for (number, line) in source.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if columns(line) > COLUMNS && counts(&source.path, line, in_code) {
            wide.push(number);
        }
    }
    wide
}

fn columns(line: &str) -> usize {
    line.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_comment_is_told_and_a_letter_is_one_column() {
        let sources = [
            Source::new("a.rs", &format!("\n// {}\n", "x".repeat(118))),
            Source::new("b.sh", &format!("# {}", "→".repeat(118))),
            Source::new("c.md", &format!("{0}\n| {0}\n```\n{0}\n```\n", "x".repeat(121))),
            Source::new("d.yaml", &format!("key: {0}\n  # {0}", "x".repeat(121))),
        ];
        assert_eq!(
            faults(&sources),
            [
                "3 lines in 3 files are wider than 120 columns; the files with most of them:",
                "a.rs: 1 (lines 2).",
                "c.md: 1 (lines 1).",
                "d.yaml: 1 (lines 2).",
            ]
        );
    }
}
