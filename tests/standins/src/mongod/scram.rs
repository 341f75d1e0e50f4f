//! SCRAM (RFC 5802, RFC 7677) with SHA-1 and SHA-256: the server's side for the MongoDB stand-in,
//! the client's side for Vault's. Passwords are taken as they are: without SASLprep, which changes
//! nothing in the letters and digits that secrets of this project are made of.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use md5::Digest;
use sha1::Sha1;
use sha2::Sha256;

/// The two mechanisms a mongod offers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mechanism {
    Sha1,
    Sha256,
}

impl Mechanism {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "SCRAM-SHA-1" => Some(Mechanism::Sha1),
            "SCRAM-SHA-256" => Some(Mechanism::Sha256),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Sha1 => "SCRAM-SHA-1",
            Mechanism::Sha256 => "SCRAM-SHA-256",
        }
    }

    /// mongod's default counts.
    pub fn iterations(self) -> u32 {
        match self {
            Mechanism::Sha1 => 10_000,
            Mechanism::Sha256 => 15_000,
        }
    }

    fn salt_length(self) -> usize {
        match self {
            Mechanism::Sha1 => 16,
            Mechanism::Sha256 => 28,
        }
    }

    fn hmac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        // HMAC takes keys of every length, so neither arm can fail.
        match self {
            Mechanism::Sha1 => Hmac::<Sha1>::new_from_slice(key).map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec()),
            Mechanism::Sha256 => Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec()),
        }
        .unwrap_or_default()
    }

    fn hash(self, text: &[u8]) -> Vec<u8> {
        match self {
            Mechanism::Sha1 => Sha1::digest(text).to_vec(),
            Mechanism::Sha256 => Sha256::digest(text).to_vec(),
        }
    }

    fn salted(self, user: &str, password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
        match self {
            Mechanism::Sha1 => {
                // MongoDB's own twist for SHA-1, kept from MONGODB-CR.
                let digest = md5::Md5::digest(format!("{user}:mongo:{password}"));
                let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                let mut out = vec![0; 20];
                pbkdf2::pbkdf2_hmac::<Sha1>(hex.as_bytes(), salt, iterations, &mut out);
                out
            }
            Mechanism::Sha256 => {
                let mut out = vec![0; 32];
                pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, iterations, &mut out);
                out
            }
        }
    }
}

/// What a server keeps of a password.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    pub mechanism: Mechanism,
    pub salt: Vec<u8>,
    pub iterations: u32,
    pub stored_key: Vec<u8>,
    pub server_key: Vec<u8>,
}

impl Credential {
    pub fn new(mechanism: Mechanism, user: &str, password: &str) -> Self {
        let salt: Vec<u8> = (0..mechanism.salt_length()).map(|_| rand::random()).collect();
        Self::with_salt(mechanism, user, password, salt, mechanism.iterations())
    }

    fn with_salt(mechanism: Mechanism, user: &str, password: &str, salt: Vec<u8>, iterations: u32) -> Self {
        let salted = mechanism.salted(user, password, &salt, iterations);
        let stored_key = mechanism.hash(&mechanism.hmac(&salted, b"Client Key"));
        let server_key = mechanism.hmac(&salted, b"Server Key");
        Credential { mechanism, salt, iterations, stored_key, server_key }
    }
}

/// A conversation on the server's side, after the client's first message.
pub struct Server {
    credential: Credential,
    nonce: String,
    so_far: String,
}

/// The user a client's first message names, and the rest of that message. None: not SCRAM without channel binding.
pub fn user_of(first: &str) -> Option<(String, &str)> {
    let bare = first.strip_prefix("n,,")?;
    let (name, _) = bare.split_once(',')?;
    Some((name.strip_prefix("n=")?.replace("=2C", ",").replace("=3D", "="), bare))
}

impl Server {
    /// The conversation and the server's first message.
    pub fn start(credential: Credential, bare: &str, own_nonce: &str) -> Option<(Self, String)> {
        let theirs = bare.split(',').find_map(|part| part.strip_prefix("r=")).filter(|nonce| !nonce.is_empty())?;
        let nonce = format!("{theirs}{own_nonce}");
        let first = format!("r={nonce},s={},i={}", STANDARD.encode(&credential.salt), credential.iterations);
        Some((Server { credential, nonce, so_far: format!("{bare},{first}") }, first))
    }

    /// The server's final message; None refuses the client.
    pub fn finish(&self, last: &str) -> Option<String> {
        let (without_proof, proof) = last.rsplit_once(",p=")?;
        let mut parts = without_proof.split(',');
        if parts.next() != Some("c=biws") || parts.next() != Some(&format!("r={}", self.nonce)) {
            return None;
        }
        let proof = STANDARD.decode(proof).ok()?;
        let mechanism = self.credential.mechanism;
        let text = format!("{},{without_proof}", self.so_far);
        let signature = mechanism.hmac(&self.credential.stored_key, text.as_bytes());
        if proof.len() != signature.len() {
            return None;
        }
        let client_key: Vec<u8> = proof.iter().zip(&signature).map(|(one, other)| one ^ other).collect();
        let good = mechanism.hash(&client_key) == self.credential.stored_key;
        good.then(|| format!("v={}", STANDARD.encode(mechanism.hmac(&self.credential.server_key, text.as_bytes()))))
    }
}

/// The client's first message, without its "n,," head.
pub fn client_first(user: &str, nonce: &str) -> String {
    format!("n={},r={nonce}", user.replace('=', "=3D").replace(',', "=2C"))
}

/// The client's final message, and what the server must answer to it.
pub fn client_last(mechanism: Mechanism, user: &str, password: &str, bare: &str, first: &str) -> Option<(String, String)> {
    let part = |prefix: &str| first.split(',').find_map(|part| part.strip_prefix(prefix));
    let (nonce, salt) = (part("r=")?, STANDARD.decode(part("s=")?).ok()?);
    let credential = Credential::with_salt(mechanism, user, password, salt.clone(), part("i=")?.parse().ok()?);
    let client_key = mechanism.hmac(&mechanism.salted(user, password, &salt, credential.iterations), b"Client Key");
    let without_proof = format!("c=biws,r={nonce}");
    let text = format!("{bare},{first},{without_proof}");
    let signature = mechanism.hmac(&credential.stored_key, text.as_bytes());
    let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(one, other)| one ^ other).collect();
    let expected = format!("v={}", STANDARD.encode(mechanism.hmac(&credential.server_key, text.as_bytes())));
    Some((format!("{without_proof},p={}", STANDARD.encode(proof)), expected))
}

/// A nonce: printable, without commas.
pub fn nonce() -> String {
    STANDARD.encode((0..18).map(|_| rand::random()).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example conversation of RFC 7677, section 3.
    #[test]
    fn agrees_with_the_rfc() -> Result<(), &'static str> {
        let bare = "n=user,r=rOprNGfwEbeRWgbNEkqO";
        let first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (last, expected) = client_last(Mechanism::Sha256, "user", "pencil", bare, first).ok_or("no answer")?;
        assert!(last.ends_with(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), "{last}");
        assert_eq!(expected, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        Ok(())
    }

    #[test]
    fn both_sides_agree_and_a_wrong_password_is_refused() -> Result<(), &'static str> {
        for mechanism in [Mechanism::Sha1, Mechanism::Sha256] {
            let credential = Credential::with_salt(mechanism, "kerberos", "secret", vec![7; 16], 50);
            let first = format!("n,,{}", client_first("kerberos", "abc"));
            let (user, bare) = user_of(&first).ok_or("no user")?;
            assert_eq!(user, "kerberos");
            let (server, challenge) = Server::start(credential, bare, "def").ok_or("no challenge")?;
            let (good, expected) = client_last(mechanism, "kerberos", "secret", bare, &challenge).ok_or("no answer")?;
            assert_eq!(server.finish(&good), Some(expected));
            let (bad, _) = client_last(mechanism, "kerberos", "wrong", bare, &challenge).ok_or("no answer")?;
            assert_eq!(server.finish(&bad), None);
            assert_eq!(server.finish("c=biws,r=other,p=AAAA"), None);
            assert_eq!(server.finish(""), None);
        }
        Ok(())
    }

    #[test]
    fn names_are_unescaped() {
        assert_eq!(user_of("n,,n=a=2Cb=3Dc,r=x").map(|(user, _)| user), Some("a,b=c".to_owned()));
        assert!(user_of("y,,n=a,r=x").is_none());
        assert!(user_of("n,,").is_none());
    }
}
