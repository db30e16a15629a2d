//! Publishes at the pace of the run, as a plain AMQP client does, and repeats each notification until it is confirmed.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::{
    amqp_link::{AmqpLink, Letter, Settled},
    book::Way,
    pace::Pace,
    plan::AmqpPlan,
    shared::RunShared,
};
use crate::client::backoff::Backoff;

/// How often the sender checks which notifications are due.
const TICK: Duration = Duration::from_millis(5);
/// How many messages are published before their confirms are awaited.
const GROUP: usize = 64;
/// How many may wait to be sent. When they are full, the sender falls behind the pace.
const QUEUE: usize = 1024;

/// Sends until the run has enough, and ends when every notification is confirmed or given up. Returns the last trouble
/// if no notification was ever confirmed.
pub async fn send(shared: Arc<RunShared>, plan: AmqpPlan, pace: Pace) -> Option<String> {
    let (mut queue, mut entered, mut confirmed) = (VecDeque::new(), 0, 0);
    let (mut link, mut trouble, mut backoff) = (None, None, Backoff::default());
    loop {
        let enough = shared.enough.is_cancelled();
        while !enough && queue.len() < QUEUE && entered < pace.due(shared.began().elapsed()) {
            queue.push_back(shared.enter(Way::Amqp));
            entered += 1;
        }
        if shared.give_up.is_cancelled() || (enough && queue.is_empty()) {
            return trouble.filter(|_| confirmed == 0);
        }
        if queue.is_empty() {
            tokio::time::sleep(TICK).await;
            continue;
        }
        let settled = match link.take() {
            Some(open) => {
                let group: Vec<_> = queue.drain(..queue.len().min(GROUP)).collect();
                let settled = publish(&shared, &plan, &open, &group).await;
                let again = group.into_iter().filter(|(n, _)| settled.again.contains(n));
                again.rev().for_each(|entry| queue.push_front(entry));
                link = Some(open).filter(|_| !settled.broken);
                settled
            }
            None => match AmqpLink::open(&plan).await {
                Ok(open) => {
                    link = Some(open);
                    continue;
                }
                Err(error) => Settled { trouble: Some(error), broken: true, ..Settled::default() },
            },
        };
        confirmed += settled.accepted.len();
        if settled.trouble.is_none() {
            backoff.reset();
            continue;
        }
        trouble = settled.trouble;
        for _ in &settled.again {
            shared.retried(trouble.clone().unwrap_or_default());
        }
        tokio::select! {
            () = shared.give_up.cancelled() => {},
            () = tokio::time::sleep(backoff.next_wait(None, rand::random())) => {},
        }
    }
}

async fn publish(shared: &RunShared, plan: &AmqpPlan, link: &AmqpLink, group: &[(u64, u32)]) -> Settled {
    let letters = group.iter().filter_map(|(n, owner)| {
        let draft = shared.plan.draft(*n, *owner);
        // This cannot fail: a draft holds only texts and numbers.
        let body = serde_json::to_vec(&draft).ok()?;
        Some(Letter { n: *n, id: draft.id, body })
    });
    let settled = link.publish(plan, letters.collect()).await;
    let now = shared.now();
    shared.with_book(|book| settled.accepted.iter().for_each(|n| book.accepted(*n, now)));
    settled
}
