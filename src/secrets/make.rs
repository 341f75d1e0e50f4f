//! Makes secrets. Letters and digits only: they end up in addresses, files and variables.

use rand::RngExt as _;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use secrecy::SecretString;

use crate::model::fault::{Fault, Whose};
use crate::model::recipe::Make;

const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/// A password of so many letters and digits that cannot be mistaken for each other (no 0 O 1 l I).
pub fn password(length: usize) -> SecretString {
    let mut rng = rand::rng();
    let text: String = (0..length).map(|_| LETTERS[rng.random_range(0..LETTERS.len())] as char).collect();
    SecretString::from(text)
}

/// Makes one of a kind. A given secret cannot be made: it is missing.
pub fn make(name: &str, how: Make) -> Result<SecretString, Fault> {
    match how {
        Make::Password => Ok(password(24)),
        Make::Rsa2048 => {
            let failed = |e: String| Fault::new(Whose::Ours, "KEY-NOT-MADE", "A signing key could not be made.").because(e);
            let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).map_err(|e| failed(e.to_string()))?;
            let pem = key.to_pkcs1_pem(rsa::pkcs1::LineEnding::LF).map_err(|e| failed(e.to_string()))?;
            Ok(SecretString::from(pem.as_str().to_string()))
        }
        Make::Given => Err(Fault::new(Whose::Input, "SECRET-MISSING", format!("The secret {name} is not known here."))
            .cure("Give it again in the site file or with `kerbup change`.")),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn passwords_are_long_plain_and_never_the_same() {
        let (a, b) = (password(24), password(24));
        assert_eq!(a.expose_secret().len(), 24);
        assert!(a.expose_secret().chars().all(|c| c.is_ascii_alphanumeric()));
        assert_ne!(a.expose_secret(), b.expose_secret());
    }

    #[test]
    fn a_signing_key_is_pem() {
        let key = make("agent.a.signing-key", Make::Rsa2048).unwrap();
        assert!(key.expose_secret().starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    }
}
