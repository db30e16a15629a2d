//! One suite for both caches: what a write may do to an entry, and what it may not.

use std::sync::Arc;

use hoopoe::{
    cache::{Cache, CacheMetrics, MemoryCache, Page, RedisCache, Wakeup},
    notif::{Json, Owner},
    store::{Head, HeadAt, Item, OwnerChange, Position},
};
use hoopoe_crds::worker_config::{CacheConfig, TlsConfig};
use hoopoe_e2e::{Redis, RedisOptions};
use uuid::Uuid;

use crate::inbox::kit::{notification, redis_cache};
use crate::testkit::{
    notification::owner,
    wait::{soon, until},
};

macro_rules! both {
    ($($name:ident)*) => {
        mod redis {
            $(#[tokio::test]
            async fn $name() {
                let redis = hoopoe_e2e::Redis::start(Default::default()).await.unwrap();
                let config = Default::default();
                let cache = crate::inbox::kit::redis_cache(&redis.url(), uuid::Uuid::new_v4(), &config).await;
                super::$name(cache).await;
            })*
        }
        mod memory {
            $(#[tokio::test]
            async fn $name() {
                let config = Default::default();
                super::$name(std::sync::Arc::new(super::MemoryCache::new(&config, Default::default()))).await;
            })*
        }
    };
}

both! {
    a_head_is_replaced_only_by_one_that_is_not_older
    a_reader_fills_only_what_reached_the_announced
    numbers_are_compared_as_numbers
    a_page_is_extended_only_from_the_state_it_shows
    wake_ups_reach_the_listener_whatever_the_owner_is_called
}

fn at(position: &str) -> Position {
    position.parse().unwrap()
}

fn head(position: &str, generation: i64) -> HeadAt {
    let Position { epoch, rev } = at(position);
    HeadAt { head: Head { epoch, rev, unread: rev, unseen: 0, read_upto: 0, seen_upto: 0, next_due: None }, generation }
}

fn change(owner: &Owner, previous: &str, head: HeadAt) -> OwnerChange {
    OwnerChange { owner: owner.clone(), previous: at(previous), head, inserted: Vec::new() }
}

async fn a_head_is_replaced_only_by_one_that_is_not_older(cache: Arc<dyn Cache>) {
    let who = owner("a");
    let entry = cache.open(&who, false).await.unwrap();
    assert_eq!((entry.head, entry.dirty), (None, None));
    for (offered, expected) in [
        (head("1.5-3", 2), head("1.5-3", 2)),
        (head("1.5-2", 9), head("1.5-3", 2)),
        (head("1.5-3", 1), head("1.5-3", 2)),
        (head("1.5-3", 3), head("1.5-3", 3)),
        (head("1.4-99", 9), head("1.5-3", 3)),
        (head("1.6-1", 1), head("1.6-1", 1)),
        (head("2.1-1", 0), head("2.1-1", 0)),
    ] {
        cache.fill(&who, &entry.token, &offered, None).await.unwrap();
        assert_eq!(cache.open(&who, false).await.unwrap().head, Some(expected), "after {offered:?}");
        // The head that a writer publishes must keep to the same order.
        cache.publish(&[(change(&who, "1.1-1", offered), entry.token.clone())]).await.unwrap();
        assert_eq!(cache.open(&who, false).await.unwrap().head, Some(expected), "after publishing {offered:?}");
    }
}

async fn a_reader_fills_only_what_reached_the_announced(cache: Arc<dyn Cache>) {
    let who = owner("a");
    let reader = cache.open(&who, false).await.unwrap();
    let tokens = cache.announce(&[(who.clone(), at("1.5-4"))]).await.unwrap();
    assert_eq!(tokens, std::slice::from_ref(&reader.token));
    cache.fill(&who, &reader.token, &head("1.5-3", 1), None).await.unwrap();
    let entry = cache.open(&who, false).await.unwrap();
    assert_eq!((entry.head, entry.dirty), (None, Some(at("1.5-4"))));
    // The mark only rises.
    cache.announce(&[(who.clone(), at("1.5-2"))]).await.unwrap();
    assert_eq!(cache.open(&who, false).await.unwrap().dirty, Some(at("1.5-4")));
    cache.fill(&who, &reader.token, &head("1.5-4", 1), None).await.unwrap();
    assert_eq!(cache.open(&who, false).await.unwrap().head, Some(head("1.5-4", 1)));
    // A head of another incarnation is not written.
    let other = hoopoe::cache::Token("another".to_owned());
    cache.fill(&who, &other, &head("1.5-9", 1), None).await.unwrap();
    assert_eq!(cache.open(&who, false).await.unwrap().head, Some(head("1.5-4", 1)));
    cache.publish(&[(change(&who, "1.5-8", head("1.5-9", 1)), other)]).await.unwrap();
    let entry = cache.open(&who, false).await.unwrap();
    assert_eq!((entry.head, entry.dirty), (Some(head("1.5-4", 1)), Some(at("1.5-9"))), "only marked");
}

async fn numbers_are_compared_as_numbers(cache: Arc<dyn Cache>) {
    let who = owner("a");
    for (lower, higher) in [
        ("1.5-9", "1.5-10"),
        ("1.9-1", "1.10-1"),
        ("9.1-1", "10.1-1"),
        ("1.1763700000-9007199254740990", "1.1763700000-9007199254740991"),
    ] {
        let who = owner(&format!("{who}{higher}"));
        cache.announce(&[(who.clone(), at(higher))]).await.unwrap();
        cache.announce(&[(who.clone(), at(lower))]).await.unwrap();
        let entry = cache.open(&who, false).await.unwrap();
        assert_eq!(entry.dirty, Some(at(higher)));
        cache.fill(&who, &entry.token, &head(lower, 1), None).await.unwrap();
        assert_eq!(cache.open(&who, false).await.unwrap().head, None);
    }
}

async fn a_page_is_extended_only_from_the_state_it_shows(cache: Arc<dyn Cache>) {
    let who = owner("a");
    let entry = cache.open(&who, true).await.unwrap();
    let page = |position: &str| Page { position: at(position), more: false, lines: "2 {}\n1 {}\n".into() };
    cache.fill(&who, &entry.token, &head("1.5-2", 1), Some(&page("1.5-2"))).await.unwrap();
    assert_eq!(cache.open(&who, true).await.unwrap().page, Some(page("1.5-2")));
    assert_eq!(cache.open(&who, false).await.unwrap().page, None, "not asked for");
    let item = |rev| {
        let mut notification = notification(&who);
        notification.content.data = Json::parse("{ \"a\":\n1}".to_owned()).ok();
        Item::stored(&notification, None, rev)
    };
    let extend = |previous: &str, position: &str, rev| OwnerChange {
        inserted: vec![item(rev)],
        ..change(&who, previous, head(position, 1))
    };
    cache.publish(&[(extend("1.5-2", "1.5-3", 3), entry.token.clone())]).await.unwrap();
    let page = cache.open(&who, true).await.unwrap().page.unwrap();
    assert_eq!((page.position, page.more), (at("1.5-3"), false));
    let text = String::from_utf8(page.lines.to_vec()).unwrap();
    assert_eq!(text.lines().count(), 3, "data's own line breaks are none of the page's: {text}");
    assert!(text.starts_with("3 {\"id\"") && text.ends_with("\n2 {}\n1 {}\n"), "{text}");
    // Rev 4 is missing, so rev 5 does not extend the page.
    cache.publish(&[(extend("1.5-4", "1.5-5", 5), entry.token.clone())]).await.unwrap();
    let after = cache.open(&who, true).await.unwrap();
    assert_eq!((after.head, after.page), (Some(head("1.5-5", 1)), Some(page)));
}

async fn wake_ups_reach_the_listener_whatever_the_owner_is_called(cache: Arc<dyn Cache>) {
    until("hears itself", async || cache.hearing().is_some()).await;
    let mut wakeups = cache.wakeups();
    let names = ["a", "with space", "\"quoted\",[x]", "back\\slash", "ü/🦤", "{braces}:colon*", "wake:3"];
    let changes: Vec<_> = names.iter().map(|name| (owner(name), at("1.5-7"))).collect();
    cache.announce(&changes).await.unwrap();
    let mut heard = Vec::new();
    while heard.len() < names.len() {
        match soon(wakeups.recv()).await.unwrap() {
            Wakeup::Changed(owner, position) => {
                assert_eq!(position, at("1.5-7"));
                heard.push(owner.to_string());
            }
            // The first tick may still report `Lost`.
            Wakeup::Lost => {}
        }
    }
    heard.sort();
    let mut names = names.map(str::to_owned);
    names.sort();
    assert_eq!(heard, names);
}

#[tokio::test]
async fn two_installations_on_one_redis_do_not_meet() {
    let redis = Redis::start(RedisOptions::default()).await.unwrap();
    let config = CacheConfig::default();
    let one = redis_cache(&redis.url(), Uuid::new_v4(), &config).await;
    let other = redis_cache(&redis.url(), Uuid::new_v4(), &config).await;
    for cache in [&one, &other] {
        until("hears itself", async || cache.hearing().is_some()).await;
    }
    let mut wakeups = other.wakeups();
    let who = owner("a");
    one.announce(&[(who.clone(), at("1.5-4"))]).await.unwrap();
    assert_eq!(other.open(&who, false).await.unwrap().dirty, None);
    // The other installation hears only its own wake-up.
    other.announce(&[(who.clone(), at("1.5-1"))]).await.unwrap();
    let first = soon(wakeups.recv()).await.unwrap();
    assert_eq!(first, Wakeup::Changed(who, at("1.5-1")));
    assert_eq!(one.breaks() + other.breaks(), 0);
}

#[tokio::test]
async fn an_entry_lives_for_its_ttl_from_the_last_write() {
    let redis = Redis::start(RedisOptions::default()).await.unwrap();
    let store = Uuid::new_v4();
    let config = CacheConfig { ttl: hoopoe_crds::duration::Span::from_secs(100), head_items: 3 };
    let cache = redis_cache(&redis.url(), store, &config).await;
    let who = owner("a");
    let key = format!("hoopoe:{store}:head:a");
    let entry = cache.open(&who, false).await.unwrap();
    let ttl = async || redis.cli(&["pttl", &key]).await.unwrap().parse::<i64>().unwrap();
    assert!((85_000..=110_000).contains(&ttl().await));
    for _ in 0..2 {
        redis.cli(&["pexpire", &key, "5000"]).await.unwrap();
        cache.announce(&[(who.clone(), at("1.5-4"))]).await.unwrap();
        assert!((85_000..=110_000).contains(&ttl().await));
        redis.cli(&["pexpire", &key, "5000"]).await.unwrap();
        cache.publish(&[(change(&who, "1.5-3", head("1.5-4", 1)), entry.token.clone())]).await.unwrap();
        assert!((85_000..=110_000).contains(&ttl().await));
        redis.cli(&["pexpire", &key, "5000"]).await.unwrap();
        cache.fill(&who, &entry.token, &head("1.5-4", 1), None).await.unwrap();
        assert!((85_000..=110_000).contains(&ttl().await));
    }
}

#[tokio::test]
async fn scripts_that_the_server_forgot_are_sent_again() {
    let redis = Redis::start(RedisOptions::default()).await.unwrap();
    let cache = redis_cache(&redis.url(), Uuid::new_v4(), &CacheConfig::default()).await;
    cache.announce(&[(owner("a"), at("1.5-4"))]).await.unwrap();
    redis.cli(&["script", "flush"]).await.unwrap();
    cache.announce(&[(owner("a"), at("1.5-5"))]).await.unwrap();
    assert_eq!(cache.open(&owner("a"), false).await.unwrap().dirty, Some(at("1.5-5")));
}

#[tokio::test]
async fn a_url_that_is_none_is_an_error_without_the_password() {
    for url in ["redis://:hunter2@", "http://:hunter2@localhost/", "rediss://:hunter2@localhost/#insecure", "x"] {
        let (tls, config) = (TlsConfig::default(), CacheConfig::default());
        let connect = RedisCache::connect(url, &tls, Uuid::new_v4(), &config, CacheMetrics::default());
        let error = connect.await.err().unwrap_or_else(|| panic!("{url} was taken")).to_string();
        assert!(error.starts_with("failed to read the cache's URL") && !error.contains("hunter2"), "{error}");
    }
}
