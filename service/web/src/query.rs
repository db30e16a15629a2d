//! A query string, read strictly: an unknown or repeated parameter is refused by its name instead of being ignored.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::FieldFault;

/// The path or the query of a URL is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadUrl(
    /// The parameters at fault.
    pub Vec<FieldFault>,
);

impl BadUrl {
    /// One parameter is wrong.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self(vec![FieldFault::new(name, detail)])
    }
}

/// The parameters of a request, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses `a=1&b=2`. The text is percent-encoded, and `+` is a space. Every name must be one of `known`.
    pub fn parse(raw: Option<&str>, known: &[&str]) -> Result<Self, BadUrl> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut faults = Vec::new();
        for pair in raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), value) = (decode(name), decode(value)) else {
                faults.push(FieldFault::new("query", "must be percent-encoded UTF-8"));
                continue;
            };
            if !known.contains(&name.as_str()) {
                faults.push(FieldFault::new(name, unknown(known)));
            } else if pairs.iter().any(|(earlier, _)| *earlier == name) {
                faults.push(FieldFault::new(name, "must be given at most once"));
            } else if let Some(value) = value {
                pairs.push((name, value));
            } else {
                faults.push(FieldFault::new(name, "must be percent-encoded UTF-8"));
            }
        }
        if faults.is_empty() { Ok(Self(pairs)) } else { Err(BadUrl(faults)) }
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `true` or `false`; absent is `None`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, BadUrl> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(BadUrl::parameter(name, "must be true or false")),
        }
    }

    /// A whole number in the range.
    pub fn number(&self, name: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, BadUrl> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let fault = || {
            let detail = format!("must be a whole number from {} to {}", range.start(), range.end());
            BadUrl::parameter(name, detail)
        };
        // `u64::from_str` alone would take a plus sign.
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fault());
        }
        text.parse().ok().filter(|number| range.contains(number)).map(Some).ok_or_else(fault)
    }
}

fn unknown(known: &[&str]) -> String {
    if known.is_empty() {
        "is unknown: this path takes no parameters".to_owned()
    } else {
        format!("is unknown: this path takes {}", known.join(", "))
    }
}

/// Whether every `%` begins an escape. `percent_decode` alone would keep a stray `%` as it is.
pub fn is_well_escaped(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let mut bytes = rest.bytes();
        bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())
            && bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())
    })
}

fn decode(text: &str) -> Option<String> {
    if !is_well_escaped(text) {
        return None;
    }
    let spaced = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(raw: &str) -> String {
        match Query::parse(Some(raw), &["limit", "kind"]) {
            Err(BadUrl(faults)) => faults[0].field.clone(),
            other => panic!("{raw}: {other:?}"),
        }
    }

    #[test]
    fn known_parameters_are_decoded() {
        let query = Query::parse(Some("limit=20&kind=a%2Fb+%F0%9F%8E%89"), &["limit", "kind"]).unwrap();
        assert_eq!(query.get("kind"), Some("a/b 🎉"));
        assert_eq!(query.number("limit", 1..=200), Ok(Some(20)));
        assert_eq!(query.number("kind", 1..=200).unwrap_err().0[0].field, "kind");
        assert_eq!(query.get("cursor"), None);
    }

    #[test]
    fn what_is_odd_is_refused_by_name() {
        assert_eq!(faulty("colour=red"), "colour");
        assert_eq!(faulty("limit=1&limit=1"), "limit");
        assert_eq!(faulty("kind=%FF"), "kind");
        assert_eq!(faulty("kind=%zz"), "kind");
        assert_eq!(faulty("%FF=1"), "query");
    }

    #[test]
    fn numbers_are_whole_and_in_range() {
        for bad in ["0", "-1", "201", "1e9", "1000000000", "+5", "", "99999999999999999999", "٣"] {
            let query = Query(vec![("limit".to_owned(), bad.to_owned())]);
            assert!(query.number("limit", 1..=200).is_err(), "{bad}");
        }
        for good in ["1", "200", "007"] {
            let query = Query(vec![("limit".to_owned(), good.to_owned())]);
            assert!(query.number("limit", 1..=200).is_ok(), "{good}");
        }
    }
}
