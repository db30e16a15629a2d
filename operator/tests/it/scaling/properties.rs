//! Properties that hold for every history of samples.

use std::time::{Duration, Instant};

use hoopoe_crds::{Span, consumer::Scaling, status::Backlog};
use hoopoe_operator::scale::{Reason, Sample, Window, backlog_band, decide};
use proptest::prelude::*;

fn scalings() -> impl Strategy<Value = Scaling> {
    (0..4_i32, 0..40_i32, 1..300_u64, 0..600_u64, 0..900_u64).prop_map(|(min, more, drain, stabilization, idle)| {
        Scaling {
            min,
            max: (min + more).max(1),
            target_drain: Span::from_secs(drain),
            stabilization: Span::from_secs(stabilization),
            idle: Span::from_secs(idle),
        }
    })
}

/// Seconds since the last sample, ready, unacked, rates, workers.
type Step = (u64, u64, u64, Option<f64>, Option<f64>, u32);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let count = || prop_oneof![3 => Just(0_u64), 3 => 0..1000_u64, 2 => 0..10_000_000_u64, 1 => Just(u64::MAX)];
    let odd = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-5.0)];
    let rate = prop_oneof![3 => Just(0.0), 5 => 0.0..50_000.0_f64, 1 => odd];
    let rate = prop::option::weighted(0.9, rate);
    prop::collection::vec(
        (prop_oneof![9 => 1..10_u64, 1 => 1..600_u64], count(), count(), rate.clone(), rate, 0..50_u32),
        1..150,
    )
}

fn sample(at: Instant, (_, ready, unacked, arrival_rate, acknowledge_rate, workers): Step) -> Sample {
    Sample { at, ready, unacked, arrival_rate, acknowledge_rate, workers }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn within_its_bounds_never_none_with_work_and_no_change_without_data(
        scaling in scalings(), steps in steps(), mut current in 0..50_i32, late in 0..60_u64,
    ) {
        let (mut window, mut now) = (Window::default(), Instant::now());
        let last = *steps.last().unwrap();
        for step in steps {
            now += Duration::from_secs(step.0);
            window.record(sample(now, step), &scaling);
            let decision = decide(&scaling, &window, now, current);
            prop_assert!((scaling.min..=scaling.max).contains(&decision.replicas), "{decision:?}");
            let in_hand = step.1 > 0 || step.2 > 0;
            prop_assert!(!in_hand || decision.replicas > 0, "none with work in hand: {decision:?}");
            let held = current.clamp(scaling.min, scaling.max);
            let down = decision.replicas < held;
            let needed = scaling.stabilization.0.min(scaling.idle.0);
            prop_assert!(!down || window.covered() >= needed, "down on too little: {decision:?}");
            prop_assert!(!(down && decision.replicas == 0) || window.quiet() >= scaling.idle.0);
            current = decision.replicas;
        }
        let decision = decide(&scaling, &window, now + Duration::from_secs(late), current);
        if late > 20 {
            prop_assert_eq!(decision.replicas, current);
            prop_assert_eq!(decision.reason, Reason::StaleSamples);
        }
        prop_assert!(last.1 == 0 || decision.replicas > 0);
    }

    #[test]
    fn without_a_sample_the_count_stays(scaling in scalings(), current in 0..50_i32) {
        let decision = decide(&scaling, &Window::default(), Instant::now(), current);
        prop_assert_eq!(decision.replicas, current.clamp(scaling.min, scaling.max));
        prop_assert_eq!(decision.reason, Reason::NoSamples);
    }

    #[test]
    fn more_waiting_never_asks_for_fewer(
        scaling in scalings(), steps in steps(), more in 1..1_000_000_u64, current in 0..50_i32,
    ) {
        let (mut one, mut other, mut now) = (Window::default(), Window::default(), Instant::now());
        let end = steps.len() - 1;
        for (index, step) in steps.into_iter().enumerate() {
            now += Duration::from_secs(step.0);
            one.record(sample(now, step), &scaling);
            let mut same = step;
            if index == end && step.1 > 0 {
                same.1 = step.1.saturating_add(more);
            }
            other.record(sample(now, same), &scaling);
        }
        // This sample may also change what is known of a worker's throughput; then the two scalers assume different
        // ones.
        prop_assume!(one.throughput() == other.throughput());
        let (fewer, more) = (decide(&scaling, &one, now, current), decide(&scaling, &other, now, current));
        prop_assert!(more.replicas >= fewer.replicas, "{fewer:?} {more:?}");
    }

    #[test]
    fn a_window_stays_small(scaling in scalings(), steps in steps()) {
        let (mut window, mut now) = (Window::default(), Instant::now());
        for step in steps.iter().cycle().take(5000) {
            now += Duration::from_secs(step.0);
            window.record(sample(now, *step), &scaling);
        }
        prop_assert!(window.peaks().count() <= 130, "{}", window.peaks().count());
    }

    #[test]
    fn a_band_rises_with_what_waits_and_does_not_flicker_at_an_edge(
        waits in 0..10_000_000_u64, more in 0..1_000_000_u64, rate in 0.0..100_000.0_f64, target in 1..600_u64,
    ) {
        let target = Duration::from_secs(target);
        let (low, high) = (backlog_band(None, waits, rate, target), backlog_band(None, waits + more, rate, target));
        prop_assert!(low <= high);
        // Once in the band, five percent less does not leave it.
        let again = backlog_band(Some(high), (waits + more) - (waits + more) / 20, rate, target);
        prop_assert_eq!(again, high);
        prop_assert_eq!(backlog_band(None, waits, rate, target) == Backlog::Idle, waits == 0);
    }
}

fn waiting(at: Instant, ready: u64, rate: f64, workers: u32) -> Sample {
    Sample { at, ready, unacked: 0, arrival_rate: Some(rate), acknowledge_rate: Some(rate), workers }
}

#[test]
fn the_edges_of_the_bands() {
    let band = |before, in_hand| backlog_band(before, in_hand, 100.0, Duration::from_secs(30));
    assert_eq!(band(None, 0), Backlog::Idle);
    assert_eq!((band(None, 1), band(None, 3000), band(None, 3001)), (Backlog::Low, Backlog::Low, Backlog::High));
    assert_eq!((band(None, 30_000), band(None, 30_001)), (Backlog::High, Backlog::Critical));
    let high = Some(Backlog::High);
    assert_eq!((band(high, 2401), band(high, 2400)), (Backlog::High, Backlog::Low));
    assert_eq!(band(Some(Backlog::Critical), 24_001), Backlog::Critical);
    assert_eq!(backlog_band(None, 1, 0.0, Duration::from_secs(30)), Backlog::Critical, "no worker drains it");
}

#[test]
fn a_gap_starts_the_stabilization_anew() {
    let scaling = Scaling {
        min: 0,
        max: 9,
        target_drain: Span::from_secs(30),
        stabilization: Span::from_secs(60),
        idle: Span::from_secs(60),
    };
    let (mut window, start) = (Window::default(), Instant::now());
    let at = |second| start + Duration::from_secs(second);
    for second in (0..55).step_by(5) {
        window.record(waiting(at(second), 0, 0.0, 3), &scaling);
    }
    // The broker answers again after 40 s, in which anything may have happened.
    for second in (90..150).step_by(5) {
        window.record(waiting(at(second), 0, 0.0, 3), &scaling);
        let decision = decide(&scaling, &window, at(second), 3);
        assert_eq!(decision.replicas, 3, "after {second} s");
    }
    window.record(waiting(at(150), 0, 0.0, 3), &scaling);
    assert_eq!(decide(&scaling, &window, at(150), 3).reason, Reason::Idle);
}
