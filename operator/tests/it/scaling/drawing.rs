//! Draws the replay: for each shape a panel with the arrivals, the workers beside an oracle's, and the age of the
//! oldest message.

use std::fmt::Write;

use super::{shapes::Shape, simulation::Replay};

const PANEL: (usize, usize) = (560, 300);
const LEFT: usize = 52;
const WIDTH: usize = 490;
/// The points along a panel. Each shows the highest value of its part, so that no spike is lost.
const POINTS: usize = 245;

struct Strip<'a> {
    label: &'static str,
    top: usize,
    height: usize,
    /// Class and values; the area under the first is filled.
    lines: Vec<(&'static str, &'a [f64])>,
}

pub fn draw(replays: &[(&Shape, Replay)]) -> String {
    let rows = replays.len().div_ceil(2);
    let (width, height) = (PANEL.0 * 2, PANEL.1 * rows + 40);
    let mut svg = String::new();
    write!(svg, r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" "#).unwrap();
    svg.push_str("font-family=\"sans-serif\" font-size=\"11\">\n");
    svg.push_str(concat!(
        "<style>.b{fill:#fff}.t{font-size:14px;font-weight:bold}.g{fill:#555}.f{stroke:#bbb;fill:none}",
        ".arrive{fill:#c9d8ea;stroke:#7b9cc4}.done{fill:none;stroke:#1f4e8c}.workers{fill:#cfe6cf;stroke:#2e7d32}",
        ".oracle{fill:none;stroke:#e07b00;stroke-dasharray:3 2}.lag{fill:#f4cccc;stroke:#b3261e}</style>\n",
    ));
    writeln!(svg, r#"<rect class="b" width="{width}" height="{height}"/>"#).unwrap();
    legend(&mut svg);
    for (index, (shape, replay)) in replays.iter().enumerate() {
        let (x, y) = (index % 2 * PANEL.0, index / 2 * PANEL.1 + 40);
        writeln!(svg, r#"<g transform="translate({x} {y})">"#).unwrap();
        panel(&mut svg, shape, replay);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String) {
    let marks = [
        ("arrive", "arrivals a second"),
        ("done", "done a second"),
        ("workers", "workers asked for"),
        ("oracle", "workers of an oracle"),
        ("lag", "seconds that the oldest message waits"),
    ];
    for (index, (class, text)) in marks.iter().enumerate() {
        let x = LEFT + index * 190;
        writeln!(
            svg,
            r#"<rect class="{class}" x="{x}" y="12" width="20" height="10"/><text x="{}" y="21">{text}</text>"#,
            x + 26
        )
        .unwrap();
    }
}

fn panel(svg: &mut String, shape: &Shape, replay: &Replay) {
    let figures = format!(
        "oldest {:.0} s · {:.1} changes/h · {:.1} pod-hours, {:.2} × oracle",
        replay.worst_lag,
        replay.changes_per_hour,
        replay.pod_hours,
        replay.pod_hours / replay.oracle_pod_hours
    );
    writeln!(svg, r#"<text class="t" x="{LEFT}" y="16">{}</text>"#, shape.name).unwrap();
    writeln!(svg, r#"<text class="g" x="{LEFT}" y="32">{}</text>"#, shape.about).unwrap();
    writeln!(svg, r#"<text x="{LEFT}" y="48">{figures}</text>"#).unwrap();
    let asked: Vec<f64> = replay.asked.iter().map(|count| f64::from(*count)).collect();
    let oracle: Vec<f64> = replay.oracle.iter().map(|count| f64::from(*count)).collect();
    let strips = [
        Strip { label: "/s", top: 56, height: 70, lines: vec![("arrive", &replay.arrivals), ("done", &replay.done)] },
        Strip { label: "pods", top: 138, height: 70, lines: vec![("workers", &asked), ("oracle", &oracle)] },
        Strip { label: "s", top: 220, height: 44, lines: vec![("lag", &replay.lag)] },
    ];
    for strip in &strips {
        draw_strip(svg, strip);
    }
    let hours = replay.asked.len() as f64 / 3600.0;
    for quarter in 0..=4 {
        let (x, hour) = (LEFT + WIDTH * quarter / 4, hours * quarter as f64 / 4.0);
        writeln!(svg, r#"<text class="g" x="{x}" y="280" text-anchor="middle">{hour:.1} h</text>"#).unwrap();
    }
}

fn draw_strip(svg: &mut String, Strip { label, top, height, lines }: &Strip<'_>) {
    let highest = lines.iter().flat_map(|(_, values)| values.iter().copied()).fold(1.0, f64::max);
    let bottom = top + height;
    writeln!(svg, r#"<rect class="f" x="{LEFT}" y="{top}" width="{WIDTH}" height="{height}"/>"#).unwrap();
    writeln!(svg, r#"<text class="g" x="{}" y="{}" text-anchor="end">{highest:.0}</text>"#, LEFT - 4, top + 9).unwrap();
    writeln!(svg, r#"<text class="g" x="{}" y="{bottom}" text-anchor="end">0 {label}</text>"#, LEFT - 4).unwrap();
    for (class, values) in lines {
        let part = values.len().div_ceil(POINTS);
        let mut points = format!("M{LEFT} {bottom}");
        for (index, part) in values.chunks(part).enumerate() {
            let value = part.iter().copied().fold(0.0, f64::max);
            let (x, y) = (LEFT + index * WIDTH / POINTS, bottom as f64 - value / highest * *height as f64);
            // A step, not a slope: a count changes at once.
            write!(points, "V{y:.0}H{}", x + WIDTH / POINTS).unwrap();
        }
        write!(points, "V{bottom}").unwrap();
        writeln!(svg, r#"<path class="{class}" d="{points}"/>"#).unwrap();
    }
}
