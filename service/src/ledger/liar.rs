//! A producer and inbox API in one process that can lie in the ways that a ledger must notice. It tests the ledger, not
//! Hoopoe.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use clap::Parser;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Figures, LedgerArgs, run_plan};

/// How it lies about the 30th notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// Not at all.
    None,
    /// Accepts it and forgets it.
    Forgets,
    /// Stores it twice.
    StoresTwice,
    /// Stores it under an id of its own.
    Renames,
    /// Gives it the rev of another row.
    RepeatsRev,
    /// Answers with an older state once, to a reader that knows a newer one.
    FallsBack,
    /// Counts it twice.
    Miscounts,
    /// Shows it in the inbox, but never in an answer to `since`.
    HidesNews,
    /// Answers 503 to the first attempt although it stored it.
    Forgetful503,
    /// Refuses it.
    Refuses,
}

#[derive(Default)]
struct Inboxes {
    rows: HashMap<String, Vec<(String, i64)>>,
    arrived: usize,
    hidden: Option<String>,
    /// Up to which rev each owner's reader says that it knows everything.
    known: HashMap<String, i64>,
}

/// How many notifications arrive before the run has enough.
const ENOUGH: usize = 60;

struct LiarShared {
    lie: Lie,
    inboxes: Mutex<Inboxes>,
    /// Ends the sending.
    enough: CancellationToken,
    /// Whether the answer with the older state was given.
    fell: AtomicBool,
    /// Whether every reader knows all that this server shows, and was lied to.
    told: watch::Sender<bool>,
}

impl LiarShared {
    /// Looks whether the run may end.
    fn look(&self, inboxes: &Inboxes) {
        let known = inboxes.rows.iter().all(|(owner, rows)| inboxes.known.get(owner) == Some(&highest(rows)));
        self.told.send_replace(known && (self.lie != Lie::FallsBack || self.fell.load(Ordering::Relaxed)));
    }
}

async fn take(State(shared): State<Arc<LiarShared>>, Json(body): Json<Value>) -> Response {
    let (response, arrived) = keep(&shared, &body);
    if arrived >= ENOUGH {
        shared.enough.cancel();
    }
    // The run settles once the last answer is given. It waits for the readers, however slow they are.
    if arrived >= ENOUGH {
        shared.told.subscribe().wait_for(|told| *told).await.unwrap();
    }
    response
}

fn keep(shared: &LiarShared, body: &Value) -> (Response, usize) {
    let (lie, mut inboxes) = (shared.lie, shared.inboxes.lock().unwrap());
    let text = |field: &str| body[field].as_str().unwrap().to_owned();
    let (id, owner) = (text("id"), text("owner"));
    inboxes.arrived += 1;
    let arrived = inboxes.arrived;
    let lies = arrived == 30;
    let rows = inboxes.rows.entry(owner).or_default();
    let next = i64::try_from(rows.len()).unwrap() + 1;
    let known = rows.iter().any(|(known, _)| *known == id);
    match lie {
        Lie::Forgets if lies => {}
        Lie::StoresTwice if lies => rows.extend([(id.clone(), next), (id.clone(), next + 1)]),
        Lie::Renames if lies => rows.push((uuid::Uuid::now_v7().to_string(), next)),
        Lie::RepeatsRev if lies => rows.push((id.clone(), (next - 1).max(1))),
        Lie::Refuses if lies => return (StatusCode::UNPROCESSABLE_ENTITY.into_response(), arrived),
        _ if known => {}
        _ => rows.push((id.clone(), next)),
    }
    if lies && lie == Lie::HidesNews {
        inboxes.hidden = Some(id.clone());
    }
    shared.look(&inboxes);
    if lies && lie == Lie::Forgetful503 {
        return (StatusCode::SERVICE_UNAVAILABLE.into_response(), arrived);
    }
    ((StatusCode::ACCEPTED, Json(json!({ "id": id }))).into_response(), arrived)
}

fn highest(rows: &[(String, i64)]) -> i64 {
    rows.iter().map(|row| row.1).max().unwrap_or(0)
}

fn head(lie: Lie, arrived: usize, rows: &[(String, i64)]) -> Value {
    let wrong = usize::from(lie == Lie::Miscounts && arrived >= 30);
    json!({ "epoch": "1.5", "rev": highest(rows), "unread": rows.len() + wrong,
        "unseen": 0, "read_upto": 0, "seen_upto": 0, "next_due": null })
}

async fn badge(State(shared): State<Arc<LiarShared>>, Path(owner): Path<String>) -> Json<Value> {
    let inboxes = shared.inboxes.lock().unwrap();
    let rows = inboxes.rows.get(&owner).map_or(&[][..], Vec::as_slice);
    Json(json!({ "head": head(shared.lie, inboxes.arrived, rows) }))
}

async fn feed(
    State(shared): State<Arc<LiarShared>>,
    Path(owner): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let (lie, mut inboxes) = (shared.lie, shared.inboxes.lock().unwrap());
    let hidden = inboxes.hidden.clone();
    let arrived = inboxes.arrived;
    let since = query.get("since").map(|since| since.rsplit('-').next().unwrap().parse::<i64>().unwrap());
    if let Some(since) = since {
        inboxes.known.insert(owner.clone(), since);
    }
    shared.look(&inboxes);
    let rows = inboxes.rows.entry(owner).or_default();
    // A reader that knows no more than the first row would not see a step back.
    let falls = lie == Lie::FallsBack
        && arrived >= 30
        && !shared.fell.load(Ordering::Relaxed)
        && since.is_some_and(|rev| rev > 1);
    let rows = if falls { rows[..1].to_vec() } else { rows.clone() };
    if falls {
        shared.fell.store(true, Ordering::Relaxed);
    }
    let row = |(id, rev): &(String, i64)| {
        json!({ "id": id, "rev": rev, "changed_rev": rev, "unread_rev": rev, "unseen_rev": rev, "kind": "k",
            "created_at": "2026-01-01T00:00:00Z" })
    };
    let head = head(lie, arrived, &rows);
    let rev = head["rev"].clone();
    Json(match since {
        Some(since) => {
            let news = rows.iter().filter(|row| row.1 > since && Some(&row.0) != hidden.as_ref()).map(row);
            json!({ "head": head, "items": news.collect::<Vec<_>>(), "next": null, "complete_to": rev })
        }
        None => json!({ "head": head, "items": rows.iter().rev().map(row).collect::<Vec<_>>(), "next": null }),
    })
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    ledger: LedgerArgs,
}

async fn run(lie: Lie) -> Figures {
    let enough = CancellationToken::new();
    let shared = Arc::new(LiarShared {
        lie,
        inboxes: Mutex::default(),
        enough: enough.clone(),
        fell: AtomicBool::new(false),
        told: watch::Sender::new(false),
    });
    let router = Router::new()
        .route("/v1/notifications", post(take))
        .route("/v1/owners/{owner}/feed", get(feed))
        .route("/v1/owners/{owner}/head", get(badge))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settle = match lie {
        // The run waits in vain for the notification that its reader never sees.
        Lie::Forgets | Lie::Renames | Lie::RepeatsRev | Lie::HidesNews => "200ms",
        Lie::None | Lie::StoresTwice | Lie::FallsBack | Lie::Miscounts | Lie::Forgetful503 | Lie::Refuses => "30s",
    };
    let mut args = vec!["ledger", "--producer", &url, "--api", &url, "--rate", "100", "--for", "30s", "--poll", "20ms"];
    args.extend(["--owners", "3", "--settle", settle]);
    let plan = Cli::parse_from(args).ledger.plan().unwrap();
    run_plan(plan, enough).await
}

#[tokio::test]
async fn an_honest_server_is_clean() {
    let figures = run(Lie::None).await;
    assert!(figures.is_clean(), "{figures:?}");
    assert!(figures.sent >= 55 && figures.accepted == figures.sent && figures.seen == figures.sent, "{figures:?}");
}

#[tokio::test]
async fn a_503_after_all_is_retried_with_the_same_id() {
    let figures = run(Lie::Forgetful503).await;
    assert!(figures.is_clean() && figures.retries == 1, "{figures:?}");
}

#[tokio::test]
async fn a_loss_is_told() {
    let (forgets, hides) = tokio::join!(run(Lie::Forgets), run(Lie::HidesNews));
    assert_eq!((forgets.lost, forgets.is_clean()), (1, false), "{forgets:?}");
    assert_eq!((hides.lost, hides.is_clean()), (1, false), "{hides:?}");
}

#[tokio::test]
async fn a_double_is_told() {
    let (twice, renames) = tokio::join!(run(Lie::StoresTwice), run(Lie::Renames));
    assert!(twice.doubled >= 1 && twice.lost == 0 && !twice.is_clean(), "{twice:?}");
    assert!(renames.doubled >= 1 && renames.lost == 1 && !renames.is_clean(), "{renames:?}");
}

#[tokio::test]
async fn a_step_back_is_told() {
    let (repeats, falls) = tokio::join!(run(Lie::RepeatsRev), run(Lie::FallsBack));
    assert!(repeats.backwards >= 1 && !repeats.is_clean(), "{repeats:?}");
    assert!(falls.backwards >= 1 && falls.lost == 0 && !falls.is_clean(), "{falls:?}");
}

#[tokio::test]
async fn a_wrong_count_and_a_refusal_are_told() {
    let (miscounts, refuses) = tokio::join!(run(Lie::Miscounts), run(Lie::Refuses));
    assert!(miscounts.unread_mismatches >= 1 && !miscounts.is_clean(), "{miscounts:?}");
    assert_eq!((refuses.refused, refuses.lost, refuses.is_clean()), (1, 0, false), "{refuses:?}");
}
