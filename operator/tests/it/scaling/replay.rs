//! Every load shape stays within its bounds, and the drawing beside the docs shows what this code does.

use std::{env, fs, path::Path};

use hoopoe_operator::scale::Reason;

use super::{
    drawing, shapes,
    shapes::Shape,
    simulation::{Replay, replay},
};

fn named(name: &str) -> (Shape, Replay) {
    let shape = shapes::all().into_iter().find(|shape| shape.name == name).unwrap();
    let replay = replay(&shape);
    (shape, replay)
}

#[test]
fn every_shape_stays_within_its_bounds() {
    let mut broken = Vec::new();
    for shape in shapes::all() {
        let replay = replay(&shape);
        let pods = replay.pod_hours / replay.oracle_pod_hours;
        println!(
            "{}: oldest {:.0} s, {:.1} changes/h, {:.1} pod-hours = {pods:.2} of the oracle's",
            shape.name, replay.worst_lag, replay.changes_per_hour, replay.pod_hours
        );
        let figures = [
            ("seconds of lag", replay.worst_lag, shape.bounds.lag),
            ("changes an hour", replay.changes_per_hour, shape.bounds.changes),
            ("of the oracle's pod-hours", pods, shape.bounds.pods),
        ];
        for (what, figure, bound) in figures {
            if figure > bound {
                broken.push(format!("{}: {figure:.2} {what}, at most {bound}", shape.name));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_quiet_queue_ends_at_none_and_wakes_up() {
    let (_, replay) = named("Burst");
    assert_eq!(replay.asked[0], 0);
    assert_eq!(replay.asked[30 * 60], 0, "24 minutes after the burst, which is longer than idle and stabilization");
    assert!(replay.asked[5 * 60 + 10] > 0, "ten seconds after the first message");
    let with_work =
        replay.lag.iter().zip(&replay.asked).skip(6 * 60).filter(|(lag, asked)| **lag > 10.0 && **asked == 0);
    assert_eq!(with_work.count(), 0, "no worker with work in hand");
}

#[test]
fn the_count_stays_while_the_broker_or_the_database_is_away() {
    let (_, replay) = named("Broker away");
    let away = &replay.asked[21 * 60..30 * 60];
    assert!(away[0] > 0 && away.iter().all(|asked| *asked == away[0]), "{away:?}");
    assert!(replay.reasons.contains(&Reason::StaleSamples));
    let (_, replay) = named("Database away");
    let away = &replay.asked[21 * 60..30 * 60];
    assert!(away.iter().all(|asked| *asked == away[0]), "{away:?}");
    assert!(replay.reasons.contains(&Reason::NothingAcknowledged));
}

#[test]
fn a_figure_from_a_slow_hour_is_unlearned() {
    let (_, replay) = named("Slower");
    assert!(replay.asked[60 * 60] >= 10, "1,200/s at 125/s a worker");
    assert!(*replay.asked.last().unwrap() <= 5, "1,200/s at 500/s a worker, 2.5 hours later");
}

/// `HOOPOE_GENERATE=1` writes the drawing again.
#[test]
fn the_drawing_is_what_this_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scale/replay.svg");
    let drawn = drawing::draw(&shapes::all().iter().map(|shape| (shape, replay(shape))).collect::<Vec<_>>());
    if env::var_os("HOOPOE_GENERATE").is_some() {
        fs::write(&path, &drawn).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == drawn, "{} is stale: make generate", path.display());
}
