//! Files do not depend on each other in a circle, so of two files one can be understood without the other.

use std::collections::BTreeMap;

use crate::tree::Tree;

/// Returns a sentence for each circle.
pub fn faults(tree: &Tree) -> Vec<String> {
    let edges = tree.edges();
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in &edges {
        next.entry(edge.from).or_default().push(edge.to);
    }
    let reach: Vec<Vec<bool>> = (0..tree.files().len()).map(|from| reached(from, &next, tree.files().len())).collect();
    let mut told = vec![false; reach.len()];
    let mut faults = Vec::new();
    for first in 0..reach.len() {
        let circle: Vec<usize> =
            (first..reach.len()).filter(|other| reach[first][*other] && reach[*other][first]).collect();
        if circle.is_empty() || told[first] {
            continue;
        }
        for file in &circle {
            told[*file] = true;
        }
        let inside = |edge: &&crate::tree::Edge| circle.contains(&edge.from) && circle.contains(&edge.to);
        let steps: Vec<String> = edges
            .iter()
            .filter(inside)
            .map(|edge| {
                let (from, to) = (&tree.files()[edge.from], &tree.files()[edge.to]);
                format!("\n    {}:{} names {} ({})", from.path, edge.line, to.path, edge.written)
            })
            .collect();
        faults.push(format!("{} files form a circle:{}", circle.len(), steps.concat()));
    }
    faults
}

/// The files that can be reached from one file in at least one step.
fn reached(from: usize, next: &BTreeMap<usize, Vec<usize>>, count: usize) -> Vec<bool> {
    let mut reached = vec![false; count];
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for to in next.get(&file).into_iter().flatten() {
            if !std::mem::replace(&mut reached[*to], true) {
                open.push(*to);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Source;

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(&format!("x/src/{path}"), text)).collect();
        faults(&Tree::read("x/src", &sources).unwrap())
    }

    #[test]
    fn a_circle_of_three_is_told_once_with_its_steps() {
        let files = [
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "\nuse crate::a::A;"),
            ("d.rs", "use crate::a::A;"),
        ];
        assert_eq!(
            circles(&files),
            ["3 files form a circle:\
              \n    x/src/a.rs:1 names x/src/b.rs (crate::b::B)\
              \n    x/src/b.rs:1 names x/src/c.rs (crate::c::C)\
              \n    x/src/c.rs:2 names x/src/a.rs (crate::a::A)"]
        );
    }

    #[test]
    fn a_chain_is_no_circle() {
        assert!(
            circles(&[("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "struct C;")]).is_empty()
        );
    }
}
