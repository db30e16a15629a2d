//! A producer and inbox API in one process that can lie in the ways that a ledger must notice. It tests the ledger, not
//! Hoopoe.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
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
    /// Answers with an older state once.
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
    fell: bool,
    hidden: Option<String>,
}

type LiarShared = Arc<(Lie, Mutex<Inboxes>)>;

async fn take(State(shared): State<LiarShared>, Json(body): Json<Value>) -> Response {
    let (lie, mut inboxes) = (shared.0, shared.1.lock().unwrap());
    let text = |field: &str| body[field].as_str().unwrap().to_owned();
    let (id, owner) = (text("id"), text("owner"));
    inboxes.arrived += 1;
    let lies = inboxes.arrived == 30;
    let rows = inboxes.rows.entry(owner).or_default();
    let next = i64::try_from(rows.len()).unwrap() + 1;
    let known = rows.iter().any(|(known, _)| *known == id);
    match lie {
        Lie::Forgets if lies => {}
        Lie::StoresTwice if lies => rows.extend([(id.clone(), next), (id.clone(), next + 1)]),
        Lie::Renames if lies => rows.push((uuid::Uuid::now_v7().to_string(), next)),
        Lie::RepeatsRev if lies => rows.push((id.clone(), (next - 1).max(1))),
        Lie::Refuses if lies => return StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        _ if known => {}
        _ => rows.push((id.clone(), next)),
    }
    if lies && lie == Lie::HidesNews {
        inboxes.hidden = Some(id.clone());
    }
    if lies && lie == Lie::Forgetful503 {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    (StatusCode::ACCEPTED, Json(json!({ "id": id }))).into_response()
}

fn head(lie: Lie, arrived: usize, rows: &[(String, i64)]) -> Value {
    let wrong = usize::from(lie == Lie::Miscounts && arrived >= 30);
    json!({ "epoch": "1.5", "rev": rows.iter().map(|row| row.1).max().unwrap_or(0), "unread": rows.len() + wrong,
        "unseen": 0, "read_upto": 0, "seen_upto": 0, "next_due": null })
}

async fn badge(State(shared): State<LiarShared>, Path(owner): Path<String>) -> Json<Value> {
    let inboxes = shared.1.lock().unwrap();
    let rows = inboxes.rows.get(&owner).map_or(&[][..], Vec::as_slice);
    Json(json!({ "head": head(shared.0, inboxes.arrived, rows) }))
}

async fn feed(
    State(shared): State<LiarShared>,
    Path(owner): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let (lie, mut inboxes) = (shared.0, shared.1.lock().unwrap());
    let hidden = inboxes.hidden.clone();
    let (arrived, fell) = (inboxes.arrived, inboxes.fell);
    let rows = inboxes.rows.entry(owner).or_default();
    let since = query.get("since").map(|since| since.rsplit('-').next().unwrap().parse::<i64>().unwrap());
    let falls = lie == Lie::FallsBack && arrived >= 30 && !fell && rows.len() > 2 && since.is_some();
    let rows = if falls { rows[..1].to_vec() } else { rows.clone() };
    inboxes.fell |= falls;
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
    let shared: LiarShared = Arc::new((lie, Mutex::default()));
    let router = Router::new()
        .route("/v1/notifications", post(take))
        .route("/v1/owners/{owner}/feed", get(feed))
        .route("/v1/owners/{owner}/head", get(badge))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut args =
        vec!["ledger", "--producer", &url, "--api", &url, "--rate", "100", "--for", "600ms", "--poll", "20ms"];
    args.extend(["--owners", "3", "--settle", "600ms"]);
    let plan = Cli::parse_from(args).ledger.plan().unwrap();
    run_plan(plan, CancellationToken::new()).await
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
