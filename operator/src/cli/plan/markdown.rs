//! A plan for a pull request.

use std::fmt::{self, Write};

use super::content::{Becomes, FieldChange, Plan, ResourcePlan, SpecVerdict, TopologyPlan};

/// The plan as Markdown: a summary, then a section for each resource.
pub(super) fn markdown(plan: &Plan) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = summary(&mut out, plan);
    for resource in plan.resources.iter().filter(|resource| !resource.is_empty()) {
        let _ = of_resource(&mut out, resource);
    }
    out
}

fn summary(out: &mut String, plan: &Plan) -> fmt::Result {
    writeln!(out, "## Plan\n\n| resource | | pods | broker | lost |\n|---|---|---|---|---|")?;
    for resource in &plan.resources {
        let verdict = match &resource.verdict {
            SpecVerdict::Refused(_) => "**refused**",
            SpecVerdict::Created => "new",
            SpecVerdict::Changed(_) => "changes",
            SpecVerdict::Unchanged => "unchanged",
        };
        let broker = match &resource.topology {
            TopologyPlan::Unknown(_) => "not known".to_owned(),
            TopologyPlan::Known { changes, findings } if findings.is_empty() => count(changes.len(), "change"),
            TopologyPlan::Known { changes, findings } => {
                format!("{}, **{}**", count(changes.len(), "change"), count(findings.len(), "problem"))
            }
        };
        let lost = if resource.losses.is_empty() { "nothing" } else { "**see below**" };
        let pods = if resource.pods.is_empty() { "stay".to_owned() } else { cell(&resource.pods.join("; ")) };
        writeln!(out, "| {} | {verdict} | {pods} | {broker} | {lost} |", cell(&resource.id.to_string()))?;
    }
    Ok(())
}

fn of_resource(out: &mut String, resource: &ResourcePlan) -> fmt::Result {
    let ResourcePlan { id, verdict, children, pods, topology, losses, notes } = resource;
    writeln!(out, "\n### {}\n", cell(&id.to_string()))?;
    match verdict {
        SpecVerdict::Refused(why) => writeln!(out, "**Refused:** {}\n", cell(why))?,
        SpecVerdict::Changed(fields) => {
            writeln!(out, "| field | from | to |\n|---|---|---|")?;
            for FieldChange { path, from, to } in fields {
                let shown = |value: &Option<String>| value.as_deref().map_or_else(String::new, code);
                writeln!(out, "| {} | {} | {} |", code(path), shown(from), shown(to))?;
            }
            writeln!(out)?;
        }
        SpecVerdict::Created | SpecVerdict::Unchanged => {}
    }
    for sentence in losses {
        writeln!(out, "- ⚠️ **lost:** {}", cell(sentence))?;
    }
    for sentence in pods {
        writeln!(out, "- pods: {}", cell(sentence))?;
    }
    match topology {
        TopologyPlan::Unknown(why) => writeln!(out, "- broker: not known: {}", cell(why))?,
        TopologyPlan::Known { changes, findings } => {
            for sentence in findings {
                writeln!(out, "- broker: **problem:** {}", cell(sentence))?;
            }
            for sentence in changes {
                writeln!(out, "- broker: {}", cell(sentence))?;
            }
        }
    }
    for child in children {
        let name = code(&format!("{} {}", child.kind, child.name));
        match &child.becomes {
            Becomes::Created => writeln!(out, "- {name}: made")?,
            Becomes::Changed(paths) => writeln!(out, "- {name}: {}", cell(&paths.join(", ")))?,
            Becomes::Removed => writeln!(out, "- {name}: removed")?,
        }
    }
    for sentence in notes {
        writeln!(out, "- note: {}", cell(sentence))?;
    }
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => "unchanged".to_owned(),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// Escapes a text for Markdown, tables included, because names and messages come from outside.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A text as a code span. Backticks are replaced, because one would end the span.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|").replace(char::is_control, " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Kind, ResourceId};

    #[test]
    fn what_comes_from_outside_stays_text() {
        assert_eq!(cell("a|b\n<img> @all"), "a\\|b \\<img\\> \\@all");
        assert_eq!(code("a`|b"), "`a'\\|b`");
    }

    #[test]
    fn a_pull_request_sees_what_is_lost() {
        let id = ResourceId { kind: Kind::Consumer, namespace: "team".to_owned(), name: "inbox".to_owned() };
        let mut changed = ResourcePlan::new(
            id.clone(),
            SpecVerdict::Changed(vec![FieldChange {
                path: "spec.replicas".to_owned(),
                from: Some("1".to_owned()),
                to: Some("3".to_owned()),
            }]),
        );
        changed.pods = vec!["inbox-consumer: from 1 to 3".to_owned()];
        changed.losses = vec!["90 messages".to_owned()];
        let plan = Plan { resources: vec![changed, ResourcePlan::new(id, SpecVerdict::Unchanged)] };
        let text = markdown(&plan);
        assert!(text.contains("| `spec.replicas` | `1` | `3` |"), "{text}");
        assert!(text.contains("**lost:** 90 messages"), "{text}");
        assert_eq!(text.matches("\n### ").count(), 1, "what does not change has no section: {text}");
    }
}
