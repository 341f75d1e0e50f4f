//! HS256 tokens as gin-jwt makes them, for the Agent's and Vault's sessions.

use crate::http::Request;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// Signs sessions of one secret; valid for 24 hours, as in the Agent.
#[derive(Clone)]
pub struct Sessions {
    secret: Vec<u8>,
}

const DAY: i64 = 24 * 3600;

impl Sessions {
    pub fn new(secret: &[u8]) -> Self {
        Sessions { secret: secret.to_vec() }
    }

    /// A token for this user, and when it ends (RFC 3339).
    pub fn issue(&self, user: &str) -> (String, String) {
        let now = jiff::Timestamp::now().as_second();
        let head = URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string());
        let claims = URL_SAFE_NO_PAD.encode(json!({"exp": now + DAY, "id": user, "orig_iat": now}).to_string());
        let signed = format!("{head}.{claims}");
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes())));
        let ends = jiff::Timestamp::from_second(now + DAY).map(|time| time.to_string()).unwrap_or_default();
        (token, ends)
    }

    /// Why the request has no session, in gin-jwt's words; None when it has one.
    pub fn refusal(&self, request: &Request) -> Option<&'static str> {
        let bearer = |name| request.filled(name).map(|value: &str| value.strip_prefix("Bearer ").map(str::to_owned));
        let token = match bearer("authorization").or_else(|| bearer("x-authorization")) {
            Some(None) => return Some("auth header is invalid"),
            Some(Some(token)) => token,
            None => match request.query("token").filter(|token| !token.is_empty()).or_else(|| cookie(request)) {
                Some(token) => token,
                None => return Some("cookie token is empty"),
            },
        };
        self.verify(&token)
    }

    fn verify(&self, token: &str) -> Option<&'static str> {
        let Some((signed, signature)) = token.rsplit_once('.') else {
            return Some("token contains an invalid number of segments");
        };
        let Some((_, claims)) = signed.split_once('.') else {
            return Some("token contains an invalid number of segments");
        };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return Some("signature is invalid") };
        if signature != self.sign(signed.as_bytes()) {
            return Some("signature is invalid");
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        match claims.and_then(|claims| claims["exp"].as_i64()) {
            Some(ends) if ends > jiff::Timestamp::now().as_second() => None,
            Some(_) => Some("Token is expired"),
            None => Some("missing exp field"),
        }
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        // A key of any length is accepted by HMAC, so the error cannot happen; an empty signature would match nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return Vec::new() };
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    }
}

fn cookie(request: &Request) -> Option<String> {
    let cookies = request.filled("cookie")?;
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix("jwt=")).filter(|token| !token.is_empty()).map(str::to_owned)
}

/// `{username, password}` from a JSON or form body, as gin binds either.
pub fn login_form(request: &Request) -> Option<(String, String)> {
    let is_form = request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let (mut user, mut password) = (String::new(), String::new());
    if is_form {
        for (key, value) in url::form_urlencoded::parse(&request.body) {
            match key.as_ref() {
                "username" => user = value.into_owned(),
                "password" => password = value.into_owned(),
                _ => {}
            }
        }
    } else {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        user = body["username"].as_str()?.to_owned();
        password = body["password"].as_str()?.to_owned();
    }
    (!user.is_empty() && !password.is_empty()).then_some((user, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_its_own_token_only() {
        let sessions = Sessions::new(b"one");
        let (token, _) = sessions.issue("root");
        assert_eq!(sessions.verify(&token), None);
        assert_eq!(Sessions::new(b"two").verify(&token), Some("signature is invalid"));
        assert_eq!(sessions.verify("x"), Some("token contains an invalid number of segments"));
    }
}
