//! No line over 120 columns: rustfmt holds code to it, and leaves comments and texts alone.

use crate::sources::{Source, has_ending};

const COLUMNS: usize = 120;
const WORST: usize = 20;

/// A sentence for the files with the most wide lines, and one for the sum.
pub fn faults(sources: &[Source]) -> Vec<String> {
    let mut wide: Vec<(&Source, Vec<usize>)> = sources
        .iter()
        .filter(|source| is_ours(&source.path))
        .map(|source| {
            (source, source.lines().filter(|(_, line)| columns(line) > COLUMNS).map(|(number, _)| number).collect())
        })
        .filter(|(_, lines): &(_, Vec<usize>)| !lines.is_empty())
        .collect();
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

/// Rust and shell, wherever they are.
fn is_ours(path: &str) -> bool {
    has_ending(path, "rs") || has_ending(path, "sh")
}

fn columns(line: &str) -> usize {
    line.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_comment_is_told_and_letters_count_once() {
        let sources = [
            Source::new("a.rs", &format!("\n// {}\n", "x".repeat(118))),
            Source::new("b.sh", &format!("# {}", "→".repeat(118))),
            Source::new("c.md", &"x".repeat(500)),
        ];
        assert_eq!(
            faults(&sources),
            ["1 lines in 1 files are wider than 120 columns; the files with most of them:", "a.rs: 1 (lines 2)."]
        );
    }
}
