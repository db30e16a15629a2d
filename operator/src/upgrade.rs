//! Rolls out a new default image to a few resources at a time; the next resource starts when one of them is ready.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// Which resources are rolling to a new default image now.
#[derive(Debug)]
pub struct Upgrades {
    most: usize,
    rolling: Mutex<HashSet<String>>,
}

/// What is known about a resource that uses the default image.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Its uid.
    pub uid: &'a str,
    /// The image that its Deployment has; `None`: there is no Deployment yet.
    pub image: Option<&'a str>,
    /// Whether its Deployment is complete: rolled out and available.
    pub available: bool,
}

impl Upgrades {
    /// `most`: how many resources may roll at a time.
    pub fn new(most: u16) -> Self {
        Self { most: usize::from(most), rolling: Mutex::default() }
    }

    /// The image that the resource gets now: the new default, or its present image until its turn comes.
    pub fn image_for(&self, resource: Standing, default: &str) -> String {
        let Standing { uid, image, available } = resource;
        let mut rolling = self.rolling.lock().unwrap_or_else(PoisonError::into_inner);
        match image {
            None => default.to_owned(),
            Some(image) if image == default => {
                if available {
                    rolling.remove(uid);
                }
                default.to_owned()
            }
            Some(_) if rolling.contains(uid) => default.to_owned(),
            Some(_) if rolling.len() < self.most => {
                rolling.insert(uid.to_owned());
                default.to_owned()
            }
            Some(image) => image.to_owned(),
        }
    }

    /// A rollout that was in progress when this operator started takes a slot too.
    pub fn found_rolling(&self, uid: &str) {
        self.rolling.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned());
    }

    /// The resource is gone.
    pub fn forget(&self, uid: &str) {
        self.rolling.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing<'a>(uid: &'a str, image: &'a str, available: bool) -> Standing<'a> {
        Standing { uid, image: Some(image), available }
    }

    #[test]
    fn ten_of_a_hundred_roll_and_the_next_only_after_one_is_ready() {
        let upgrades = Upgrades::new(10);
        let uids: Vec<String> = (0..100).map(|number| format!("uid-{number}")).collect();
        let roll = || uids.iter().filter(|uid| upgrades.image_for(standing(uid, "old", true), "new") == "new").count();
        assert_eq!(roll(), 10);
        assert_eq!(roll(), 10, "the same ten");
        assert_eq!(upgrades.image_for(standing("uid-0", "new", false), "new"), "new", "rolling, not ready yet");
        assert_eq!(upgrades.image_for(standing("uid-50", "old", true), "new"), "old");
        upgrades.image_for(standing("uid-0", "new", true), "new");
        assert_eq!(upgrades.image_for(standing("uid-50", "old", true), "new"), "new", "a place is free");
        assert_eq!(upgrades.image_for(standing("uid-51", "old", true), "new"), "old");
        upgrades.forget("uid-1");
        assert_eq!(upgrades.image_for(standing("uid-51", "old", true), "new"), "new");
    }

    #[test]
    fn a_new_resource_waits_for_nobody() {
        let upgrades = Upgrades::new(1);
        upgrades.image_for(standing("a", "old", true), "new");
        assert_eq!(upgrades.image_for(Standing { uid: "b", image: None, available: false }, "new"), "new");
    }
}
