//! Which resource holds a queue. The policy `hoopoe.<namespace>.<name>` on exactly one queue is the claim, and
//! operators of other clusters see it too.

use std::collections::BTreeMap;

use hoopoe_crds::policy;

use super::{
    Policy,
    names::{claim_in, claim_of, dead_letter_claim, mark_of, readable},
};
use crate::topology::Claimant;

/// Which other resource holds a queue; `None`: no other does. `known`: the consumers of this cluster that want the same
/// queue of the same broker. `cluster`: the id of this cluster.
///
/// An established claim wins. If two resources have one, or neither has, the older resource wins, and of two that are
/// equally old the first by namespace and name. A claim of a resource that is not in this cluster is compared by its
/// name alone. If resources of two clusters have the same namespace and name, only the first of them may claim anything
/// on a broker, since the policies of both would have the same names. A queue that is the `.dlq` of another resource's
/// queue is taken, and so is a queue whose `.dlq` is another resource's queue.
pub fn holder(
    me: &Claimant,
    cluster: Option<&str>,
    queue: &str,
    policies: &BTreeMap<String, Policy>,
    known: &[Claimant],
) -> Option<String> {
    let own = claim_of(&me.id);
    for name in [&own, &dead_letter_claim(&own)] {
        if let Some(policy) = policies.get(name).filter(|policy| policy.is_of_another(cluster)) {
            let id = policy.cluster().unwrap_or_default();
            let why = format!("whose policy is also called {name}, so this resource needs another name");
            return Some(format!("{} of the cluster {id}, {why}", readable(&own)));
        }
    }
    let dead_letters = policy::dead_letters(queue);
    let patterns = [policy::pattern(queue), policy::pattern(&dead_letters)];
    let is_established = |claim: &str| {
        policies.get(claim).is_some_and(|policy| patterns.iter().any(|pattern| pattern == policy.bare_pattern()))
    };
    let mine_is_established = policies.get(&own).is_some_and(|policy| policy.bare_pattern() == patterns[0]);
    let others = policies.values().filter(|policy| patterns.iter().any(|pattern| pattern == policy.bare_pattern()));
    for policy in others {
        let Some(claim) = claim_in(&policy.name) else { continue };
        if claim == own {
            continue;
        }
        let rival = known.iter().find(|known| claim_of(&known.id) == claim);
        let i_win = mine_is_established
            && match rival {
                Some(rival) => me < rival,
                None => own.as_str() < claim,
            };
        if !i_win {
            return Some(readable(claim));
        }
    }
    if mine_is_established {
        return None;
    }
    // No claim is established: the oldest resource claims first, the others wait until they see its claim.
    let first = known.iter().filter(|known| *known < me && !is_established(&claim_of(&known.id))).min();
    first.map(|first| mark_of(&first.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Kind, ResourceId};

    fn claimant(name: &str, created_at: i64) -> Claimant {
        let id = ResourceId { kind: Kind::Consumer, namespace: "ns".to_owned(), name: name.to_owned() };
        Claimant { created_at, id }
    }

    fn policies(list: &[(&str, &str)]) -> BTreeMap<String, Policy> {
        let policy = |(name, queue): &(&str, &str)| {
            let policy = Policy { name: (*name).to_owned(), pattern: policy::pattern(queue), ..Policy::default() };
            ((*name).to_owned(), policy)
        };
        list.iter().map(policy).collect()
    }

    #[test]
    fn a_sitting_claim_wins_over_an_older_resource() {
        let me = claimant("old", 1);
        assert_eq!(
            holder(&me, None, "q", &policies(&[("hoopoe.ns.young", "q")]), &[claimant("young", 9)]),
            Some("ns/young".to_owned())
        );
        assert_eq!(holder(&me, None, "q", &policies(&[("hoopoe.other.far", "q")]), &[]), Some("other/far".to_owned()));
        assert_eq!(holder(&me, None, "q", &policies(&[("hoopoe.ns.young", "q2"), ("theirs", "q")]), &[]), None);
    }

    #[test]
    fn of_two_that_sit_exactly_one_yields() {
        let sitting = policies(&[("hoopoe.ns.a", "q"), ("hoopoe.ns.b", "q")]);
        let (a, b) = (claimant("a", 5), claimant("b", 3));
        assert_eq!(holder(&b, None, "q", &sitting, std::slice::from_ref(&a)), None, "b is older");
        assert_eq!(holder(&a, None, "q", &sitting, std::slice::from_ref(&b)), Some("ns/b".to_owned()));
        // Of two clusters neither knows the other's age: the name decides, the same way on both.
        assert_eq!(holder(&a, None, "q", &sitting, &[]), None);
        assert_eq!(holder(&b, None, "q", &sitting, &[]), Some("ns/a".to_owned()));
    }

    #[test]
    fn where_nobody_sits_the_oldest_goes_first() {
        let (old, young) = (claimant("z", 1), claimant("a", 2));
        assert_eq!(holder(&old, None, "q", &BTreeMap::new(), std::slice::from_ref(&young)), None);
        assert_eq!(holder(&young, None, "q", &BTreeMap::new(), std::slice::from_ref(&old)), Some("ns/z".to_owned()));
        let twin = claimant("b", 2);
        assert_eq!(holder(&twin, None, "q", &BTreeMap::new(), &[young]), Some("ns/a".to_owned()), "then the name");
    }

    #[test]
    fn a_queue_that_is_anothers_dead_letter_queue_is_taken_and_the_other_way_round() {
        let me = claimant("me", 1);
        let theirs = policies(&[("hoopoe.ns.other", "q"), ("hoopoe.ns.other.dlq", "q.dlq")]);
        assert_eq!(holder(&me, None, "q.dlq", &theirs, &[]), Some("ns/other".to_owned()));
        let theirs = policies(&[("hoopoe.ns.other", "q.dlq")]);
        assert_eq!(holder(&me, None, "q", &theirs, &[]), Some("ns/other".to_owned()));
    }

    #[test]
    fn the_same_name_in_another_cluster_is_somebody_else() {
        let me = claimant("me", 1);
        let of = |name: &str, queue: &str, cluster: Option<&str>| {
            let pattern = cluster.map_or_else(String::new, |id| format!("(?#hoopoe-cluster={id})"));
            let mut all = policies(&[(name, queue)]);
            for policy in all.values_mut() {
                policy.pattern += &pattern;
            }
            all
        };
        let theirs = of("hoopoe.ns.me", "q", Some("b"));
        let holds = holder(&me, Some("a"), "q", &theirs, &[]).unwrap();
        assert!(holds.starts_with("ns/me of the cluster b"), "{holds}");
        assert_eq!(holder(&me, Some("b"), "q", &theirs, &[]), None);
        // A claim without a cluster id, or an operator that cannot know its own id: the name decides.
        assert_eq!(holder(&me, Some("a"), "q", &of("hoopoe.ns.me", "q", None), &[]), None);
        assert_eq!(holder(&me, None, "q", &theirs, &[]), None);
        // Even with another queue: our claim would have to overwrite theirs.
        assert!(holder(&me, Some("a"), "q", &of("hoopoe.ns.me", "q2", Some("b")), &[]).is_some());
        assert!(holder(&me, Some("a"), "q", &of("hoopoe.ns.me.dlq", "q.dlq", Some("b")), &[]).is_some());
        // A claim under another name is seen, whatever cluster it belongs to.
        assert_eq!(holder(&me, Some("a"), "q", &of("hoopoe.far.off", "q", Some("b")), &[]), Some("far/off".to_owned()));
    }

    #[test]
    fn my_own_claim_and_a_kept_queues_policy_hold_nothing_against_me() {
        let me = claimant("me", 1);
        let own = policies(&[("hoopoe.ns.me", "q"), ("hoopoe.ns.me.dlq", "q.dlq"), ("hoopoe-kept.ns.gone", "q")]);
        assert_eq!(holder(&me, None, "q", &own, &[]), None);
    }
}
