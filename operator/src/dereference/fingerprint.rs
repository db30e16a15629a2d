//! A hash over every value that a container takes from Secrets. A rotated credential changes the pod template, and so
//! rolls exactly the workers that use it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{EnvFromSecret, SecretFile, Secrets};
use crate::hexadecimal;

/// 16 bytes: enough that two credentials do not get the same hash, and short enough for an annotation.
const BYTES: usize = 16;

/// The hash is keyed by the resource's uid and covers all values together. So it does not show that two resources have
/// equal passwords, and a user who may read pods but no Secrets would have to guess every value at once.
pub(super) fn of(secrets: &Secrets, uid: &str, env: &[EnvFromSecret], files: &[SecretFile]) -> String {
    // HMAC takes a key of any length.
    #[allow(clippy::expect_used)]
    let mut mac = Hmac::<Sha256>::new_from_slice(uid.as_bytes()).expect("HMAC takes a key of any length");
    let mut add = |bytes: &[u8]| {
        mac.update(&(bytes.len() as u64).to_be_bytes());
        mac.update(bytes);
    };
    for variable in env {
        match variable {
            EnvFromSecret::Key { variable, secret, key } => {
                add(variable.as_bytes());
                add(secrets.raw(secret, key).unwrap_or_default());
            }
            EnvFromSecret::Literal { variable, value } => {
                add(variable.as_bytes());
                add(value.as_bytes());
            }
        }
    }
    for SecretFile { server, secret, key } in files {
        add(server.name().as_bytes());
        add(key.as_bytes());
        add(secrets.raw(secret, key).unwrap_or_default());
    }
    hexadecimal(&mac.finalize().into_bytes()[..BYTES])
}
