//! Reads the names that one Rust file uses: its imports and every path in its code.
//!
//! It reads tokens and not syntax, so a path inside a macro's argument counts like any other. Code under `#[cfg(test)]`
//! is left out, because unit tests may combine rooms that the code keeps apart.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The names that one file uses.
#[derive(Default)]
pub struct Reading {
    /// Every path with at least two segments outside `use`, and every path of a `use`.
    pub paths: Vec<Named>,
    /// The names that each `use` binds.
    pub imports: Vec<Import>,
    /// Every identifier outside `use` and `mod` that is not a method, a field or the name of a function.
    pub identifiers: BTreeSet<String>,
    /// Every identifier and every word of a text.
    pub words: BTreeSet<String>,
    /// The modules with a file of their own that exist only in tests.
    pub test_modules: Vec<String>,
}

/// A path that the code names.
pub struct Named {
    /// `["crate", "store", "Store"]`.
    pub segments: Vec<String>,
    /// The inline modules around it.
    pub inside: Vec<String>,
    /// The line of the path.
    pub line: usize,
    /// Whether the path is in a `use`.
    pub imported: bool,
    /// The name that a `pub use` gives it, or `None` for other paths.
    pub exported_as: Option<String>,
}

/// A name that a `use` binds.
pub struct Import {
    /// The name in this file.
    pub name: String,
    /// The path behind it.
    pub segments: Vec<String>,
    /// The inline modules around it.
    pub inside: Vec<String>,
}

/// Reads a file. Its tokens must be valid Rust.
pub fn read(text: &str) -> Result<Reading, String> {
    let tokens: TokenStream = text.parse().map_err(|error| format!("{error}"))?;
    let mut reading = Reading::default();
    reading.group(tokens, &[]);
    Ok(reading)
}

impl Reading {
    fn group(&mut self, tokens: TokenStream, inside: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = if starts_test_item(&tokens[at..]) {
                self.skip_item(&tokens, at)
            } else if word(&tokens[at]).as_deref() == Some("use") {
                self.import(&tokens, at, inside)
            } else if word(&tokens[at]).as_deref() == Some("mod")
                && tokens.get(at + 1).is_some_and(|next| word(next).is_some())
            {
                self.module(&tokens, at, inside)
            } else {
                self.other(&tokens, at, inside)
            };
        }
    }

    /// Skips `#[cfg(test)]` and the item after it, and returns the position of the next item.
    fn skip_item(&mut self, tokens: &[TokenTree], mut at: usize) -> usize {
        while at < tokens.len() {
            if word(&tokens[at]).as_deref() == Some("mod")
                && let Some(name) = tokens.get(at + 1).and_then(word)
                && is_punct(tokens.get(at + 2), ';')
            {
                self.test_modules.push(name);
            }
            let ends = is_punct(tokens.get(at), ';')
                || matches!(&tokens[at], TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            at += 1;
            if ends {
                break;
            }
        }
        at
    }

    fn module(&mut self, tokens: &[TokenTree], at: usize, inside: &[String]) -> usize {
        if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
            let inside: Vec<String> = inside.iter().cloned().chain(word(&tokens[at + 1])).collect();
            self.group(body.stream(), &inside);
        }
        at + 3
    }

    fn import(&mut self, tokens: &[TokenTree], at: usize, inside: &[String]) -> usize {
        let end = (at..tokens.len()).find(|end| is_punct(tokens.get(*end), ';')).unwrap_or(tokens.len());
        // `pub use`, `pub(crate) use`
        let public = at > 0
            && (word(&tokens[at - 1]).as_deref() == Some("pub")
                || at > 1
                    && word(&tokens[at - 2]).as_deref() == Some("pub")
                    && matches!(&tokens[at - 1], TokenTree::Group(_)));
        self.use_tree(&tokens[at + 1..end], &[], inside, public);
        end + 1
    }

    /// `a::b`, `a::{b, c::d}`, `a::b as c`, `a::*`.
    fn use_tree(&mut self, tokens: &[TokenTree], prefix: &[String], inside: &[String], public: bool) {
        let mut segments = prefix.to_vec();
        let mut line = 0;
        let mut name = None;
        let mut tokens = tokens.iter();
        while let Some(token) = tokens.next() {
            line = token.span().start().line;
            match token {
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for tree in inner.split(|token| is_punct(Some(token), ',')).filter(|tree| !tree.is_empty()) {
                        self.use_tree(tree, &segments, inside, public);
                    }
                    return;
                }
                TokenTree::Ident(found) if found == "as" => {
                    name = Some(tokens.next().and_then(word).unwrap_or_else(|| "_".into()));
                }
                TokenTree::Ident(found) if found == "self" && !segments.is_empty() => {}
                TokenTree::Ident(found) => segments.push(found.to_string()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        let name = name.or_else(|| segments.last().cloned()).unwrap_or_default();
        self.imports.push(Import { name: name.clone(), segments: segments.clone(), inside: inside.to_vec() });
        self.paths.push(Named {
            segments,
            inside: inside.to_vec(),
            line,
            imported: true,
            exported_as: public.then_some(name),
        });
    }

    /// Reads a path, a group, a text or another token, and returns the position after it.
    fn other(&mut self, tokens: &[TokenTree], mut at: usize, inside: &[String]) -> usize {
        match &tokens[at] {
            // `pub(in crate::store)` only limits visibility, so it is not a use of the path.
            TokenTree::Group(group)
                if group.stream().into_iter().next().and_then(|first| word(&first)).as_deref() == Some("in") => {}
            TokenTree::Group(group) => self.group(group.stream(), inside),
            TokenTree::Literal(literal) => self.text(&literal.to_string()),
            TokenTree::Punct(_) => {}
            TokenTree::Ident(_) => {
                let line = tokens[at].span().start().line;
                // `<T as Trait>::Name` continues from a type, which is not part of a path.
                let follows_type = is_separator(tokens, at.wrapping_sub(2));
                let before = at.checked_sub(1).map(|before| &tokens[before]);
                let refers = !is_punct(before, '.') && before.and_then(word).as_deref() != Some("fn");
                let mut segments = vec![self.identifier(&tokens[at], refers)];
                while is_separator(tokens, at + 1) && tokens.get(at + 3).is_some_and(|next| word(next).is_some()) {
                    at += 3;
                    segments.push(self.identifier(&tokens[at], true));
                }
                if segments.len() > 1 && !follows_type {
                    self.paths.push(Named {
                        segments,
                        inside: inside.to_vec(),
                        line,
                        imported: false,
                        exported_as: None,
                    });
                }
            }
        }
        at + 1
    }

    fn identifier(&mut self, token: &TokenTree, refers: bool) -> String {
        let name = token.to_string();
        self.words.insert(name.clone());
        if refers {
            self.identifiers.insert(name.clone());
        }
        name
    }

    fn text(&mut self, literal: &str) {
        let words = literal.split(|character: char| !character.is_alphanumeric() && character != '_');
        self.words.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
    }
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == wanted)
}

/// Whether the tokens at `at` are `::`.
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at.wrapping_add(1)), ':')
}

/// Whether the tokens start with `#[cfg(test)]` or another condition that names `test`.
fn starts_test_item(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = tokens else { return false };
    let attribute: Vec<TokenTree> = attribute.stream().into_iter().collect();
    let [TokenTree::Ident(cfg), TokenTree::Group(condition)] = attribute.as_slice() else { return false };
    hash.as_char() == '#' && cfg == "cfg" && {
        let condition = condition.stream().to_string();
        condition.split(|character: char| !character.is_alphanumeric()).any(|word| word == "test")
            && !condition.contains("not")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        read(text).unwrap().paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn every_branch_of_a_use_is_a_path() {
        let text = "use crate::{store::{Store, sql as s}, cache::{self, Cache}};";
        assert_eq!(named(text), ["crate::store::Store", "crate::store::sql", "crate::cache", "crate::cache::Cache"]);
        let names: Vec<String> = read(text).unwrap().imports.into_iter().map(|import| import.name).collect();
        assert_eq!(names, ["Store", "s", "cache", "Cache"]);
    }

    #[test]
    fn a_path_counts_in_code_and_in_macros() {
        let text = "fn f() -> crate::a::B { select!(x = super::c::d() => <T as crate::e::F>::G::h) }";
        assert_eq!(named(text), ["crate::a::B", "super::c::d", "crate::e::F"]);
    }

    #[test]
    fn who_may_see_is_no_path() {
        assert_eq!(named("pub(in crate::a) fn f(b: crate::b::B) {}"), ["crate::b::B"]);
    }

    #[test]
    fn tests_are_left_out() {
        let text = "#[cfg(test)] mod tests { use crate::a; } #[cfg(test)] mod kit; #[cfg(test)] use crate::b; \
                    fn f() { crate::c::d() }";
        assert_eq!(named(text), ["crate::c::d"]);
        assert_eq!(read(text).unwrap().test_modules, ["kit"]);
    }

    #[test]
    fn comments_and_texts_are_no_paths() {
        assert!(named("/// [`crate::a::B`]\n// crate::c::D\nconst TEXT: &str = \"crate::e::F\";").is_empty());
    }
}
