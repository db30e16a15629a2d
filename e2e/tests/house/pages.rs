//! Comments and pages refer only to files and pages of the repository, and to numbered issues of projects that they
//! name.

use crate::sources::{Source, has_ending, root};

/// Standards whose names are capitals and a number.
const STANDARDS: &[&str] = &["HTTP", "AMQP", "HTTPS"];

/// Returns a sentence for each reference whose target does not exist.
pub fn faults(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| !source.path.contains("/house/")) {
        let page = is_page(&source.path);
        for (number, line) in source.lines() {
            let text = if page { Some(line) } else { comment(&source.path, line) };
            let Some(text) = text else { continue };
            let cited = absent_page(text).into_iter().chain(absent_files(text, sources));
            let led = if page { absent_links(&source.path, text) } else { Vec::new() };
            let folders = if page { absent_folders(text, sources) } else { Vec::new() };
            faults.extend(cited.chain(led).chain(folders).map(|fault| format!("{}:{number}: {fault}", source.path)));
        }
    }
    faults
}

fn is_page(path: &str) -> bool {
    has_ending(path, "md") || has_ending(path, "gotmpl")
}

/// The comment in a line, if it has one.
fn comment<'a>(path: &str, line: &'a str) -> Option<&'a str> {
    let mark = match path.rsplit(['.', '/']).next()? {
        "rs" | "go" | "c" => "//",
        "sh" | "yaml" | "toml" | "Makefile" | "Containerfile" => "#",
        "sql" => "--",
        _ => return None,
    };
    let starts = line.match_indices(mark).map(|(at, _)| at);
    // A comment mark inside a text has an odd number of quotes before it.
    let is_comment = |at: &usize| {
        let before = &line[..*at];
        (before.is_empty() || before.ends_with(char::is_whitespace)) && before.matches('"').count().is_multiple_of(2)
    };
    starts.into_iter().find(is_comment).map(|at| &line[at..])
}

/// `issue 7`, `section 3.5` and `PAPER 3.2` give a place, but they do not name a page that a reader has.
fn absent_page(text: &str) -> Vec<String> {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '§')).collect();
    let mut faults = Vec::new();
    for pair in words.windows(2) {
        let [name, number] = pair else { continue };
        if !number.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        let number = number.trim_end_matches(|last: char| !last.is_ascii_digit());
        match name.to_lowercase().as_str() {
            "issue" | "issues" => {
                faults.push(format!("{name} {number}: say of which project, as in project#{number}."));
            }
            "section" | "chapter" | "§" => faults.push(format!("{name} {number}: say of which page, by a link.")),
            _ if is_paper(name) && number.contains('.') => {
                faults.push(format!("{name} {number}: no page of this repository has that name."));
            }
            _ => {}
        }
    }
    faults
}

fn is_paper(name: &str) -> bool {
    name.len() > 3 && name.chars().all(|letter| letter.is_ascii_uppercase()) && !STANDARDS.contains(&name)
}

/// File names in backticks, and page names also without them, that match no file of the repository.
fn absent_files(text: &str, sources: &[Source]) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let pages = text
        .split(|letter: char| letter.is_whitespace() || "()[]`,;\"'".contains(letter))
        .filter(|word| has_ending(word, "md"));
    let mut names: Vec<&str> =
        quoted.filter(|name| has_ending(name, "rs") || has_ending(name, "sh")).chain(pages).collect();
    names.retain(|name| name.chars().all(|letter| letter.is_alphanumeric() || "/._-".contains(letter)));
    names.sort_unstable();
    names.dedup();
    let is_there = |name: &str| {
        let name = name.trim_start_matches("./").trim_start_matches("../");
        sources
            .iter()
            .any(|source| source.path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')))
    };
    names
        .into_iter()
        .filter(|name| !is_there(name))
        .map(|name| format!("no file of this repository is called {name}."))
        .collect()
}

/// Folders in backticks (`store/sql/`) that do not exist in the repository.
fn absent_folders(text: &str, sources: &[Source]) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let folders = quoted.filter(|name| name.ends_with('/') && name.starts_with(char::is_alphabetic));
    let is_there = |name: &str| {
        let inside = format!("/{name}");
        sources.iter().any(|source| source.path.starts_with(name) || source.path.contains(&inside))
    };
    folders
        .filter(|name| !is_there(name))
        .map(|name| format!("no folder of this repository is called {name}."))
        .collect()
}

/// Links of a page to files that do not exist.
fn absent_links(page: &str, text: &str) -> Vec<String> {
    let folder = root().join(page).parent().unwrap().to_owned();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let files = targets.filter(|target| !target.contains("://") && !target.starts_with(['#', '{']));
    files
        .filter(|target| !folder.join(target.split('#').next().unwrap_or(target)).exists())
        .map(|target| format!("the link to {target} leads nowhere."))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        faults(&[Source::new("service/src/here.rs", ""), Source::new(path, text)])
    }

    #[test]
    fn a_page_that_no_reader_has_is_told() {
        assert_eq!(
            told("a.rs", "\n/// Content as PAPER 3.2 defines it.\nfn f() {} // see issue 12, section 3.5\n"),
            [
                "a.rs:2: PAPER 3.2: no page of this repository has that name.",
                "a.rs:3: issue 12: say of which project, as in project#12.",
                "a.rs:3: section 3.5: say of which page, by a link.",
            ]
        );
        assert_eq!(told("a.sh", "# as PLAN.md says"), ["a.sh:1: no file of this repository is called PLAN.md."]);
    }

    #[test]
    fn standards_projects_and_texts_are_no_pages() {
        assert!(
            told("a.rs", "// HTTP 1.1, AMQP 0.9.1, RFC 3339, sqlx#3645\nconst A: &str = \"see // issue 12\";")
                .is_empty()
        );
        assert!(told("a.rs", "let url = \"https://example.com\"; let x = issue 12;").is_empty());
    }

    #[test]
    fn a_file_in_a_comment_is_there() {
        assert!(told("a.rs", "// `here.rs`, `src/here.rs`, `*.rs`").is_empty());
        assert_eq!(told("a.rs", "// `src/there.rs`"), ["a.rs:1: no file of this repository is called src/there.rs."]);
    }

    #[test]
    fn a_folder_on_a_page_is_there() {
        assert!(told("a.md", "`service/src/`, `src/`, `/healthz/`").is_empty());
        assert_eq!(told("a.md", "`service/lib/`"), ["a.md:1: no folder of this repository is called service/lib/."]);
    }

    #[test]
    fn a_link_leads_to_a_file() {
        assert!(told("a.md", "[a](Cargo.toml), [b](https://example.com), [c](#c), [d](e2e/Cargo.toml#d)").is_empty());
        assert_eq!(told("a.md", "[a](absent.svg)"), ["a.md:1: the link to absent.svg leads nowhere."]);
    }
}
