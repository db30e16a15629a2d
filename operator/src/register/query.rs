//! `?kind=&name=`, read strictly: what nobody knows, or stands twice, is refused by name instead of being ignored.

use percent_encoding::percent_decode_str;

use super::problem::{Fault, Problem};

/// Which resources are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
}

impl Wanted {
    /// Reads the part of a URL after its question mark.
    pub(super) fn parse(raw: Option<&str>) -> Result<Self, Problem> {
        let (mut wanted, mut faults) = (Self::default(), Vec::new());
        for pair in raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "kind" => &mut wanted.kind,
                "name" => &mut wanted.name,
                _ => {
                    faults.push(Fault::new(name, "is unknown: this path takes kind, name"));
                    continue;
                }
            };
            match percent_decode_str(&value.replace('+', " ")).decode_utf8() {
                Err(_) => faults.push(Fault::new(name, "must be percent-encoded UTF-8")),
                Ok(_) if place.is_some() => faults.push(Fault::new(name, "must stand at most once")),
                Ok(value) => *place = Some(value.into_owned()),
            }
        }
        if faults.is_empty() { Ok(wanted) } else { Err(Problem::BadUrl(faults)) }
    }

    /// Both, to remove one resource.
    pub(super) fn both(self) -> Result<(String, String), Problem> {
        let missing = |name: &str| Problem::BadUrl(vec![Fault::new(name, "is required to remove a resource")]);
        Ok((self.kind.ok_or_else(|| missing("kind"))?, self.name.ok_or_else(|| missing("name"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(raw: &str) -> String {
        match Wanted::parse(Some(raw)) {
            Err(Problem::BadUrl(faults)) => faults[0].field.clone(),
            other => panic!("{raw}: {other:?}"),
        }
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
