//! The figures as lines of text.

use super::figures::Figures;

/// The lines that a person reads. The promises come first.
pub fn lines(figures: &Figures) -> Vec<String> {
    let mut lines = vec![
        format!(
            "sent {} ({} over AMQP), accepted {}, seen {}, lost {}, doubled {}, backwards {}",
            figures.sent,
            figures.sent_amqp,
            figures.accepted,
            figures.seen,
            figures.lost,
            figures.doubled,
            figures.backwards
        ),
        format!(
            "unknown fate {}, refused {}, wrong unread counts {}, inboxes not read back {} with {} notifications, \
             resets {}",
            figures.unknown_fate,
            figures.refused,
            figures.unread_mismatches,
            figures.not_read_back,
            figures.unjudged,
            figures.resets
        ),
        format!(
            "accepted to visible: p50 {:.0} ms, p99 {:.0} ms, longest {:.0} ms; arrival skew {:.0} ms",
            figures.visible_p50, figures.visible_p99, figures.visible_max, figures.skew
        ),
        format!(
            "{} retries; {} polls, {} of them 304, {} without an answer",
            figures.retries, figures.polls, figures.unchanged_polls, figures.failed_polls
        ),
    ];
    lines.extend(figures.examples.iter().map(|example| format!("  {}", crate::client::terminal::plain(example))));
    lines
}
