//! The table of results.

use std::time::Duration;

use super::{
    rounds::{Sides, rounds},
    servers::Servers,
};

#[derive(Default)]
pub struct Table(Vec<Row>);

struct Row {
    what: String,
    ours: String,
    limit: String,
    result: String,
    goal: String,
    /// `None` if there is no goal.
    met: Option<bool>,
}

impl Table {
    /// Adds a rate beside the rate of its limit. The goal is for the ratio.
    pub fn ratio(&mut self, what: &str, sides: &Sides, against: &str, goal: f64) {
        let ratio = sides.ratio();
        self.add(Row {
            what: what.to_owned(),
            ours: format!("{:.0}/s", sides.ours()),
            limit: format!("{:.0}/s {against}", sides.limit()),
            result: format!("{ratio:.2}"),
            goal: format!("{goal:.2}"),
            met: Some(ratio >= goal),
        });
    }

    /// Adds a rate beside another rate, without a goal.
    pub fn beside(&mut self, what: &str, sides: &Sides, against: &str) {
        self.add(Row {
            what: what.to_owned(),
            ours: format!("{:.0}/s", sides.ours()),
            limit: format!("{:.0}/s {against}", sides.limit()),
            result: format!("{:.2}", sides.ratio()),
            goal: "–".to_owned(),
            met: None,
        });
    }

    /// Adds a figure that must stay below its goal.
    pub fn below(&mut self, what: &str, ours: String, of: String, (result, goal): (f64, f64), unit: &str) {
        self.add(Row {
            what: what.to_owned(),
            ours,
            limit: of,
            result: format!("{result:.1} {unit}"),
            goal: format!("< {goal:.0} {unit}"),
            met: Some(result < goal),
        });
    }

    fn add(&mut self, row: Row) {
        // Show each result at once: the whole run takes minutes.
        eprintln!("{}: {} beside {}: {} (goal {})", row.what, row.ours, row.limit, row.result, row.goal);
        self.0.push(row);
    }

    pub fn print(&self, servers: &Servers, took: Duration) {
        let header = ["measure", "ours", "limit beside it", "result", "goal", "met"].map(str::to_owned);
        let mut lines = vec![header];
        for Row { what, ours, limit, result, goal, met } in &self.0 {
            let met = match met {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "–",
            };
            lines.push([what, ours, limit, result, goal, met].map(ToOwned::to_owned));
        }
        let widths: Vec<usize> =
            (0..lines[0].len()).map(|c| lines.iter().map(|line| line[c].chars().count()).max().unwrap()).collect();
        println!();
        for (index, line) in lines.iter().enumerate() {
            let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            println!("| {} |", cells.join(" | "));
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
                println!("|{}|", rule.join("|"));
            }
        }
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        println!("{}; {cores} cores; medians of {} rounds; {:.0} s", servers.versions, rounds(), took.as_secs_f64());
    }
}
