//! `?kind=&name=`: which resources are meant.

use hoopoe_web::{BadUrl, Query};

/// Which resources are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
}

impl Wanted {
    /// Reads the part of a URL after its question mark.
    pub(super) fn parse(raw: Option<&str>) -> Result<Self, BadUrl> {
        let query = Query::parse(raw, &["kind", "name"])?;
        let text = |name| query.get(name).map(str::to_owned);
        Ok(Self { kind: text("kind"), name: text("name") })
    }

    /// Kind and name together, to remove one resource.
    pub(super) fn both(self) -> Result<(String, String), BadUrl> {
        let missing = |name: &str| BadUrl::parameter(name, "is required to remove a resource");
        Ok((self.kind.ok_or_else(|| missing("kind"))?, self.name.ok_or_else(|| missing("name"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(raw: &str) -> String {
        Wanted::parse(Some(raw)).expect_err(raw).0[0].field.clone()
    }

    #[test]
    fn known_parameters_once_and_encoded() {
        let wanted = Wanted::parse(Some("kind=NotifProducer&name=a%2Db")).unwrap();
        assert_eq!(wanted.both().unwrap(), ("NotifProducer".to_owned(), "a-b".to_owned()));
        assert_eq!(Wanted::parse(None).unwrap(), Wanted::default());
        assert!(Wanted::parse(Some("kind=x")).unwrap().both().is_err());
        assert_eq!(
            (faulty("colour=red"), faulty("name=a&name=a"), faulty("kind=%ff")),
            ("colour".to_owned(), "name".to_owned(), "kind".to_owned())
        );
    }
}
