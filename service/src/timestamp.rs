//! `Timestamp`: microseconds since the Unix epoch. All code of Hoopoe and both databases use this form of time.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

/// A moment, in microseconds since 1970-01-01T00:00:00Z.
///
/// Postgres and SQLite store it as a 64-bit integer: both use the same entity, comparisons and cursors, and a
/// notification's time is stored unrounded. On the wire it is RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z, the earliest time that a notification may carry.
    pub const EARLIEST: Self = Self(0);
    /// 2200-01-01T00:00:00Z, the latest time that a notification may carry.
    pub const LATEST: Self = Self((datetime!(2200-01-01 00:00 UTC).unix_timestamp()) * 1_000_000);

    /// The time this many microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The present time by this process's clock. Decisions about expiry use the database's clock instead.
    pub fn now() -> Self {
        Self::from(OffsetDateTime::now_utc())
    }

    /// Reads RFC 3339. `None` if the text is not RFC 3339.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::from)
    }

    /// The time a duration after this one, saturating.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The duration from `earlier` to this time. Zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(moment: OffsetDateTime) -> Self {
        Self(i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|moment| moment.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => f.write_str("9999-12-31T23:59:59Z"),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_printed_and_read_in_rfc_3339() {
        let moment = Timestamp::from_micros(1_763_700_000_123_456);
        assert_eq!(moment.to_string(), "2025-11-21T04:40:00.123456Z");
        assert_eq!(Timestamp::parse_rfc3339("2025-11-21T05:40:00.123456+01:00"), Some(moment));
        assert_eq!(Timestamp::parse_rfc3339("2025-11-21"), None);
    }
}
