//! The scripts, and how each is called: one round trip for a whole batch, by digest, and with the text if the server
//! does not have the script.

use std::{sync::LazyLock, time::Duration};

use bytes::Bytes;
use redis::{RedisResult, Script, aio::MultiplexedConnection};
use uuid::Uuid;

use super::{fence::Mark, keys::Keys, wake};
use crate::{
    cache::{MOST_PAGE_BYTES, Page, Token, lines},
    notif::Owner,
    store::{HeadAt, OwnerChange, Position},
};

macro_rules! script {
    ($file:literal) => {
        LazyLock::new(|| Script::new(concat!(include_str!("script/position.lua"), include_str!($file))))
    };
}

static ANNOUNCE: LazyLock<Script> = script!("script/announce.lua");
static PUBLISH: LazyLock<Script> = script!("script/publish.lua");
static OPEN: LazyLock<Script> = script!("script/open.lua");
static FILL: LazyLock<Script> = script!("script/fill.lua");
static MEET: LazyLock<Script> = script!("script/meet.lua");
static NOTE: LazyLock<Script> = script!("script/note.lua");
static TICK: LazyLock<Script> = script!("script/tick.lua");

/// How long entries live, and how much a page holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) ttl: Duration,
    pub(super) items: u32,
}

impl Limits {
    /// The lifetime in milliseconds, ± 10 %, so that entries written together do not expire together.
    fn ttl(self) -> u64 {
        let ttl = self.ttl.mul_f64(rand::random_range(0.9..=1.1));
        u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 52)
    }
}

/// The raw answer of `open`.
pub(super) struct Opened {
    pub(super) token: Option<Vec<u8>>,
    pub(super) dirty: Option<Vec<u8>>,
    pub(super) generation: Option<Vec<u8>>,
    pub(super) head: Option<Vec<u8>>,
    pub(super) page: Option<(Vec<u8>, bool, Bytes)>,
}

fn candidate() -> String {
    Uuid::new_v4().simple().to_string()
}

pub(super) async fn announce(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    limits: Limits,
    changes: &[(Owner, Position)],
) -> RedisResult<(Option<Mark>, Vec<String>)> {
    let mut call = ANNOUNCE.key(keys.fence());
    call.arg(candidate());
    for (owner, position) in changes {
        call.key(keys.head(owner)).arg(candidate()).arg(position.to_string()).arg(limits.ttl());
    }
    for (channel, message) in wake::messages(keys, changes.iter().map(|(owner, position)| (owner, *position))) {
        call.arg(channel).arg(message);
    }
    let (id, number, tokens) = call.invoke_async(connection).await?;
    Ok((Some(Mark { id, number }), tokens))
}

/// How many entries were no longer the announced ones.
pub(super) async fn publish(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    limits: Limits,
    changes: &[(OwnerChange, Token)],
) -> RedisResult<(Option<Mark>, u64)> {
    let mut call = PUBLISH.key(keys.fence());
    call.arg(candidate()).arg(limits.items).arg(MOST_PAGE_BYTES);
    for (OwnerChange { owner, previous, head, inserted }, Token(token)) in changes {
        let lines = lines::render(inserted);
        call.key(keys.head(owner)).key(keys.page(owner));
        call.arg(token).arg(head.head.position().to_string()).arg(head.generation).arg(json(head));
        call.arg(limits.ttl()).arg(previous.to_string()).arg(lines.as_slice());
    }
    let news = changes.iter().map(|(change, _)| (&change.owner, change.head.head.position()));
    for (channel, message) in wake::messages(keys, news) {
        call.arg(channel).arg(message);
    }
    let (id, number, gone) = call.invoke_async(connection).await?;
    Ok((Some(Mark { id, number }), gone))
}

pub(super) async fn open(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    limits: Limits,
    owner: &Owner,
    with_page: bool,
) -> RedisResult<(Option<Mark>, Opened)> {
    let mut call = OPEN.key(keys.fence());
    call.key(keys.head(owner)).key(keys.page(owner)).arg(candidate()).arg(limits.ttl()).arg(u8::from(with_page));
    let answer: [Option<Vec<u8>>; 9] = call.invoke_async(connection).await?;
    let [id, number, token, dirty, generation, head, position, more, lines] = answer;
    let mark = id.zip(number).and_then(|(id, number)| {
        Some(Mark { id: String::from_utf8(id).ok()?, number: std::str::from_utf8(&number).ok()?.parse().ok()? })
    });
    let page = match (position, more, lines) {
        (Some(position), Some(more), Some(lines)) => Some((position, more == b"1", Bytes::from(lines))),
        _ => None,
    };
    Ok((mark, Opened { token, dirty, generation, head, page }))
}

/// The result: `filled`, `gone`, `dirty` or `older`.
pub(super) async fn fill(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    limits: Limits,
    owner: &Owner,
    token: &Token,
    head: &HeadAt,
    page: Option<&Page>,
) -> RedisResult<(Option<Mark>, String)> {
    let mut call = FILL.key(keys.fence());
    call.key(keys.head(owner)).key(keys.page(owner));
    call.arg(candidate()).arg(&token.0).arg(head.head.position().to_string()).arg(head.generation).arg(json(head));
    call.arg(limits.ttl());
    if let Some(Page { position: _, more, lines }) = page {
        call.arg(u8::from(*more)).arg(lines.as_ref());
    }
    let (id, number, outcome) = call.invoke_async(connection).await?;
    Ok((Some(Mark { id, number }), outcome))
}

/// The run of the server that was noted last.
pub(super) async fn meet(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    run: &str,
) -> RedisResult<Option<String>> {
    MEET.key(keys.fence()).arg(candidate()).arg(run).invoke_async(connection).await
}

pub(super) async fn note(connection: &mut MultiplexedConnection, keys: &Keys, run: &str) -> RedisResult<()> {
    NOTE.key(keys.fence()).arg(run).invoke_async(connection).await
}

pub(super) async fn tick(connection: &mut MultiplexedConnection, keys: &Keys) -> RedisResult<Mark> {
    let mut call = TICK.key(keys.fence());
    call.arg(candidate()).arg(keys.own_tick());
    let (id, number) = call.invoke_async(connection).await?;
    Ok(Mark { id, number })
}

/// The head as JSON, without its generation, because the scripts compare the generation themselves.
fn json(head: &HeadAt) -> String {
    // This cannot fail: the struct holds only numbers and texts.
    serde_json::to_string(&head.head).unwrap_or_default()
}
