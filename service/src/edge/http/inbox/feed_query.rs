//! Parses the parameters of a feed.

use hoopoe_web::Query;

use super::Cursor;
use crate::{
    edge::http::Problem,
    notif::Owner,
    store::{FeedQuery, Filter, Position, Since},
};

const KNOWN: [&str; 6] = ["cursor", "limit", "since", "unread", "archived", "kind"];
const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u64 = 200;
const MAX_KIND_BYTES: usize = 64;

/// Reads the query string of a feed.
pub(super) fn feed_query(owner: &Owner, raw: Option<&str>) -> Result<FeedQuery, Problem> {
    if raw.is_none_or(str::is_empty) {
        return Ok(FeedQuery { limit: DEFAULT_LIMIT, selection: newest(None, false, false, None) });
    }
    let query = Query::parse(raw, &KNOWN)?;
    let limit = query.number("limit", 1..=MAX_LIMIT)?.and_then(|limit| limit.try_into().ok()).unwrap_or(DEFAULT_LIMIT);
    let (unread, archived, kind) = (query.flag("unread")?, query.flag("archived")?, kind(&query)?);
    let since = query.get("since").map(str::parse::<Position>).transpose();
    let since = since.map_err(|error| Problem::bad_parameter("since", error.to_string()))?;
    let mut selection = match since {
        None => newest(None, unread.unwrap_or(false), archived.unwrap_or(false), kind),
        Some(position) => {
            let filter = [("unread", unread.is_some()), ("archived", archived.is_some()), ("kind", kind.is_some())];
            if let Some((name, _)) = filter.iter().find(|(_, given)| *given) {
                let detail = "must not be given together with since, because since returns every change";
                return Err(Problem::bad_parameter(name, detail));
            }
            Filter::Changes(Since { position, after: None })
        }
    };
    if let Some(text) = query.get("cursor") {
        let rev = Cursor::of(&selection).decode(owner, text)?;
        match &mut selection {
            Filter::Newest { before, .. } => *before = Some(rev),
            Filter::Changes(since) => since.after = Some(rev),
        }
    }
    Ok(FeedQuery { limit, selection })
}

fn newest(before: Option<i64>, unread: bool, archived: bool, kind: Option<String>) -> Filter {
    Filter::Newest { before, unread, archived, kind }
}

fn kind(query: &Query) -> Result<Option<String>, Problem> {
    let Some(kind) = query.get("kind") else { return Ok(None) };
    if kind.is_empty() || kind.len() > MAX_KIND_BYTES || kind.contains('\0') {
        let detail = format!("must be 1 to {MAX_KIND_BYTES} bytes of UTF-8 without NUL");
        return Err(Problem::bad_parameter("kind", detail));
    }
    Ok(Some(kind.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Result<FeedQuery, String> {
        feed_query(&Owner::parse("ada").unwrap(), Some(raw)).map_err(|problem| {
            assert_eq!(problem.code(), "bad_url");
            problem.errors()[0].field.clone()
        })
    }

    #[test]
    fn every_fault_names_its_parameter() {
        for (raw, name) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=201", "limit"),
            ("limit=1e9", "limit"),
            ("limit=1000000000", "limit"),
            ("unread=yes", "unread"),
            ("archived=", "archived"),
            ("since=1", "since"),
            ("since=1.2-3&unread=false", "unread"),
            ("since=1.2-3&archived=true", "archived"),
            ("since=1.2-3&kind=a", "kind"),
            ("kind=", "kind"),
            ("kind=a%00b", "kind"),
            ("wait=10", "wait"),
            ("cursor=abc", "cursor"),
            ("limit=1&limit=2", "limit"),
        ] {
            assert_eq!(read(raw), Err(name.to_owned()), "{raw}");
        }
        assert_eq!(read(&format!("kind={}", "k".repeat(65))), Err("kind".to_owned()));
        assert!(read(&format!("kind={}", "k".repeat(64))).is_ok());
        assert_eq!(read("limit=200").unwrap().limit, 200);
        assert_eq!(read("").unwrap(), feed_query(&Owner::parse("ada").unwrap(), None).unwrap());
    }

    #[test]
    fn a_cursor_goes_with_its_list() {
        let owner = Owner::parse("ada").unwrap();
        let since = "1.2-3".parse().unwrap();
        let text = Cursor::Changes(since).encode(&owner, 9);
        let query = read(&format!("since=1.2-3&cursor={text}")).unwrap();
        assert_eq!(query.selection, Filter::Changes(Since { position: since, after: Some(9) }));
        assert_eq!(read(&format!("since=1.2-4&cursor={text}")), Err("cursor".to_owned()));
        assert_eq!(read(&format!("cursor={text}")), Err("cursor".to_owned()));
    }
}
