//! The names of routes as labels. Each is kept once, as long as the process lives.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// About a dozen names, as many as there are templates in the code. They are kept because `hoopoe dev` makes a new
/// surface with every registration.
static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The one copy of this template. Use it only for templates in the code, because the memory of a name is never freed.
pub(super) fn of(template: &str) -> &'static str {
    // One insertion changes the set, so it is complete even if a thread panicked while it held the lock.
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.get(template) {
        return name;
    }
    let name: &'static str = Box::leak(template.into());
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_asked_for_again_is_the_same_memory() {
        let first = of("/route-names/{owner}");
        let second = of(&String::from("/route-names/{owner}"));
        assert_eq!((first, first.as_ptr()), ("/route-names/{owner}", second.as_ptr()));
        assert_ne!(of("/route-names/{other}").as_ptr(), first.as_ptr());
    }
}
