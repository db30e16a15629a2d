//! A plan for a terminal.

use std::fmt::Write;

use super::content::{Becomes, FieldChange, Plan, ResourcePlan, SpecVerdict, TopologyPlan};

/// The plan as lines.
pub(super) fn text(plan: &Plan) -> String {
    let mut out = String::new();
    for resource in &plan.resources {
        // Writing to a String cannot fail.
        let _ = of_resource(&mut out, resource);
    }
    out
}

fn of_resource(out: &mut String, resource: &ResourcePlan) -> std::fmt::Result {
    let ResourcePlan { id, verdict, children, pods, topology, losses, notes } = resource;
    match verdict {
        SpecVerdict::Refused(why) => writeln!(out, "{id}: refused: {why}")?,
        SpecVerdict::Created => writeln!(out, "{id}: new")?,
        SpecVerdict::Changed(_) => writeln!(out, "{id}: changes")?,
        SpecVerdict::Unchanged if resource.is_empty() => writeln!(out, "{id}: nothing changes")?,
        SpecVerdict::Unchanged => writeln!(out, "{id}: the resource itself stays as it is")?,
    }
    if let SpecVerdict::Changed(fields) = verdict {
        for FieldChange { path, from, to } in fields {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not set)".to_owned());
            writeln!(out, "  {path}: {} → {}", shown(from), shown(to))?;
        }
    }
    for child in children {
        match &child.becomes {
            Becomes::Created => writeln!(out, "  + {} {}", child.kind, child.name)?,
            Becomes::Changed(paths) => writeln!(out, "  ~ {} {}: {}", child.kind, child.name, paths.join(", "))?,
            Becomes::Removed => writeln!(out, "  - {} {}", child.kind, child.name)?,
        }
    }
    for sentence in pods {
        writeln!(out, "  pods    {sentence}")?;
    }
    match topology {
        TopologyPlan::Unknown(why) => writeln!(out, "  broker  not known: {why}")?,
        TopologyPlan::Known { changes, findings } => {
            for sentence in changes {
                writeln!(out, "  broker  {sentence}")?;
            }
            for sentence in findings {
                writeln!(out, "  broker  PROBLEM: {sentence}")?;
            }
        }
    }
    for sentence in losses {
        writeln!(out, "  LOST    {sentence}")?;
    }
    for sentence in notes {
        writeln!(out, "  note    {sentence}")?;
    }
    Ok(())
}
