//! `hoopoe-operator check`: whether an installed operator can do its work. `helm test` runs it in the cluster, with the
//! operator's own account.
//!
//! It changes nothing. It asks again until everything holds or its time is over: an operator that was just installed
//! has no leader yet.

use std::{fmt::Write, time::Duration};

use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::{
    api::{
        authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
        coordination::v1::{Lease, LeaseSpec},
        rbac::v1::{PolicyRule, Role},
    },
    jiff::Timestamp,
};
use kube::{Api, Client, api::PostParams};
use tokio::time::{Instant, sleep};

use super::release::ReleaseArgs;

/// The rights of an operator, from its own role. The rules of a `ClusterRole` have the same form as those of a Role.
const RULES: &str = include_str!("../../rbac/cluster-role.yaml");
/// The rights on its Lease.
const LEASE_RULES: &str = include_str!("../../rbac/lease-role.yaml");
/// The right to read which cluster this is.
const IDENTITY_RULES: &str = include_str!("../../rbac/identity-role.yaml");
/// The pause between two attempts.
const AGAIN: Duration = Duration::from_secs(1);
/// How many questions to the API server run at once.
const AT_ONCE: usize = 8;

/// What `check` is told.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Which operator is checked, by the flags of `release`
    #[command(flatten)]
    pub operator: ReleaseArgs,
    /// How many seconds the check waits until every condition holds
    #[arg(long, env = "HOOPOE_OPERATOR_CHECK_TIMEOUT", default_value_t = 60)]
    pub timeout_seconds: u64,
}

/// Why no answer is possible.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The API server does not answer the question.
    #[error("failed to ask the API server about {what}: {source}")]
    Ask {
        /// What was asked.
        what: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The role that is part of this program cannot be read.
    #[error("failed to read the RBAC rules in this program: {0}")]
    Rules(#[from] serde_yaml::Error),
}

/// One condition that must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFinding {
    /// What it is about.
    pub what: &'static str,
    /// What was found, or what is missing.
    pub detail: Result<String, String>,
}

/// Repeats the check until everything holds or the time is over, and returns the last result.
pub async fn check(client: &Client, args: &CheckArgs) -> Result<Vec<CheckFinding>, CheckError> {
    let end = Instant::now() + Duration::from_secs(args.timeout_seconds);
    loop {
        let findings = look(client, &args.operator).await?;
        if holds(&findings) || Instant::now() + AGAIN > end {
            return Ok(findings);
        }
        sleep(AGAIN).await;
    }
}

/// Whether every condition holds.
pub fn holds(findings: &[CheckFinding]) -> bool {
    findings.iter().all(|finding| finding.detail.is_ok())
}

/// The result, a line for each condition.
pub fn text(findings: &[CheckFinding]) -> String {
    findings.iter().fold(String::new(), |mut out, CheckFinding { what, detail }| {
        let (state, detail) = match detail {
            Ok(seen) => ("ok   ", seen),
            Err(missing) => ("FAILS", missing),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{state}  {what}: {detail}");
        out
    })
}

async fn look(client: &Client, args: &ReleaseArgs) -> Result<Vec<CheckFinding>, CheckError> {
    let lease_namespace = args.lease_namespace.as_deref().unwrap_or(client.default_namespace());
    let leases: Api<Lease> = Api::namespaced(client.clone(), lease_namespace);
    // Without the right to read it, the missing right is reported below.
    let lease = leases.get_opt(&args.lease_name).await.ok().flatten().and_then(|lease| lease.spec);
    let missing = missing_rights(client, args, lease_namespace).await?;
    Ok(vec![
        CheckFinding { what: "definitions", detail: definitions(client).await? },
        CheckFinding {
            what: "rights",
            detail: if missing.is_empty() {
                Ok("the account has every right that an operator needs".to_owned())
            } else {
                Err(format!("the account lacks: {}", missing.join("; ")))
            },
        },
        CheckFinding { what: "leader", detail: leader(lease.as_ref(), Timestamp::now()) },
    ])
}

/// Whether the API server serves both kinds, including the subresource that the operator writes.
async fn definitions(client: &Client) -> Result<Result<String, String>, CheckError> {
    let wanted = ["notifproducers", "notifconsumers"]
        .map(|kind| [kind.to_owned(), format!("{kind}/status"), format!("{kind}/scale")]);
    let served = match client.list_api_group_resources("hoopoe.app/v1alpha1").await {
        Ok(list) => list.resources.into_iter().map(|resource| resource.name).collect(),
        Err(kube::Error::Api(status)) if status.code == 404 => Vec::new(),
        Err(source) => {
            return Err(CheckError::Ask { what: "hoopoe.app/v1alpha1".to_owned(), source: Box::new(source) });
        }
    };
    let missing: Vec<_> = wanted.concat().into_iter().filter(|name| !served.contains(name)).collect();
    Ok(if missing.is_empty() {
        Ok("the API server serves both kinds".to_owned())
    } else {
        Err(format!("the API server does not serve {}", missing.join(", ")))
    })
}

/// The rights that an operator needs and this account lacks: `verb resource in namespace`.
async fn missing_rights(client: &Client, args: &ReleaseArgs, lease_namespace: &str) -> Result<Vec<String>, CheckError> {
    let mut wanted = asked(&rules(LEASE_RULES)?, Some(lease_namespace));
    wanted.extend(asked(&rules(IDENTITY_RULES)?, Some("kube-system")));
    let rules = rules(RULES)?;
    if args.watch_namespaces.is_empty() {
        wanted.extend(asked(&rules, None));
    }
    wanted.extend(args.watch_namespaces.iter().flat_map(|namespace| asked(&rules, Some(namespace))));
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let ask = async |right: ResourceAttributes| {
        let name = name(&right);
        let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(right), ..Default::default() };
        let review = SelfSubjectAccessReview { spec, ..Default::default() };
        match reviews.create(&PostParams::default(), &review).await {
            Ok(answer) if answer.status.as_ref().is_some_and(|status| status.allowed) => Ok(None),
            Ok(_) => Ok(Some(name)),
            Err(source) => Err(CheckError::Ask { what: format!("the right to {name}"), source: Box::new(source) }),
        }
    };
    let answers = stream::iter(wanted.into_iter().map(ask)).buffered(AT_ONCE);
    answers.try_filter_map(async |missing| Ok(missing)).try_collect().await
}

fn rules(text: &str) -> Result<Vec<PolicyRule>, serde_yaml::Error> {
    // Both kinds have nothing but `rules` beside their metadata.
    let text = text.replace("kind: ClusterRole", "kind: Role");
    Ok(serde_yaml::from_str::<Role>(&text)?.rules.unwrap_or_default())
}

/// A question for each verb on each resource of each rule. Where a rule names objects, only the first is asked for.
fn asked(rules: &[PolicyRule], namespace: Option<&str>) -> Vec<ResourceAttributes> {
    let mut all = Vec::new();
    for PolicyRule { api_groups, resources, resource_names, verbs, .. } in rules {
        for group in api_groups.iter().flatten() {
            for resource in resources.iter().flatten() {
                let (resource, subresource) =
                    resource.split_once('/').map_or((resource.as_str(), None), |(r, s)| (r, Some(s)));
                all.extend(verbs.iter().map(|verb| ResourceAttributes {
                    group: Some(group.clone()),
                    resource: Some(resource.to_owned()),
                    subresource: subresource.map(str::to_owned),
                    verb: Some(verb.clone()),
                    namespace: namespace.map(str::to_owned),
                    name: resource_names.iter().flatten().next().cloned(),
                    ..Default::default()
                }));
            }
        }
    }
    all
}

fn name(right: &ResourceAttributes) -> String {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let mut name = format!("{} {}", text(&right.verb), text(&right.resource));
    for (mark, field) in [("/", &right.subresource), (" in ", &right.namespace)] {
        if let Some(field) = field {
            name.push_str(mark);
            name.push_str(field);
        }
    }
    name
}

/// Whether an operator leads: the Lease names it, and it renewed the Lease in time.
fn leader(lease: Option<&LeaseSpec>, now: Timestamp) -> Result<String, String> {
    let none = || "no operator leads".to_owned();
    let lease = lease.ok_or_else(none)?;
    let holder = lease.holder_identity.as_deref().filter(|holder| !holder.is_empty()).ok_or_else(none)?;
    let (Some(renewed), Some(seconds)) = (&lease.renew_time, lease.lease_duration_seconds) else {
        return Err(none());
    };
    let age = now.as_second() - renewed.0.as_second();
    if age > i64::from(seconds) {
        return Err(format!("no operator leads: {holder} has not renewed the lease for {age} s"));
    }
    Ok(format!("{holder} leads"))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

    use super::*;

    #[test]
    fn every_verb_of_every_rule_is_asked_for() {
        let lease = asked(&rules(LEASE_RULES).unwrap(), Some("system"));
        let names: Vec<_> = lease.iter().map(name).collect();
        assert_eq!(names, ["get", "create", "patch", "update"].map(|verb| format!("{verb} leases in system")));
        let all: Vec<_> = asked(&rules(RULES).unwrap(), None).iter().map(name).collect();
        for right in ["patch notifconsumers/status", "list secrets", "delete networkpolicies", "create events"] {
            assert!(all.contains(&right.to_owned()), "{right}: {all:?}");
        }
        assert!(all.len() > 60, "{}", all.len());
    }

    #[test]
    fn a_leader_is_named_and_in_time() {
        let now = Timestamp::now();
        let lease = |holder: &str, age: i64| LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            renew_time: Some(MicroTime(Timestamp::from_second(now.as_second() - age).unwrap())),
            ..LeaseSpec::default()
        };
        assert_eq!(leader(Some(&lease("pod-1", 10)), now), Ok("pod-1 leads".to_owned()));
        assert!(leader(Some(&lease("pod-1", 16)), now).unwrap_err().contains("for 16 s"));
        for none in [leader(Some(&lease("", 1)), now), leader(Some(&LeaseSpec::default()), now), leader(None, now)] {
            assert_eq!(none, Err("no operator leads".to_owned()));
        }
    }

    #[test]
    fn one_line_each_and_one_failure_fails() {
        let findings = [
            CheckFinding { what: "rights", detail: Err("list secrets in shop".to_owned()) },
            CheckFinding { what: "leader", detail: Ok("pod-1 leads".to_owned()) },
        ];
        assert_eq!(text(&findings), "FAILS  rights: list secrets in shop\nok     leader: pod-1 leads\n");
        assert!(!holds(&findings) && holds(&findings[1..]));
    }
}
