//! The `Idempotency-Key` of a request.

use axum::http::HeaderMap;
use hoopoe_web::FieldFault;

use crate::edge::http::Problem;

const NAME: &str = "idempotency-key";
const MAX_BYTES: usize = 255;

/// The key: 1 to 255 visible ASCII characters, at most once.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let fault = |detail: &str| Problem::bad_header(FieldFault::new("Idempotency-Key", detail));
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(fault("must be given at most once"));
    }
    let bytes = value.as_bytes();
    if bytes.is_empty() || bytes.len() > MAX_BYTES || !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(fault("must be 1 to 255 visible ASCII characters"));
    }
    value.to_str().map(Some).map_err(|_| fault("must be 1 to 255 visible ASCII characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_just_inside_and_just_outside() {
        let check = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(NAME, axum::http::HeaderValue::from_bytes(value).unwrap());
            idempotency_key(&headers).map(|key| key.map(str::len))
        };
        assert_eq!(idempotency_key(&HeaderMap::new()), Ok(None));
        assert_eq!(check(&[b'k'; 255]), Ok(Some(255)));
        for bad in [&[b'k'; 256][..], b"", b"a b", "é".as_bytes()] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
