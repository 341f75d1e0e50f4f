//! A login that served is used again for a while: each costs the part a slow hash, and a dashboard asks every few seconds.

use std::sync::{Arc, Mutex, PoisonError};

/// Seconds for which one serves. A password that was changed is noticed when they are over.
const SERVES: f64 = 60.0;

/// The token that a part gave, and when by the clock's ticks. Does not print itself.
#[derive(Clone, Default)]
pub struct Login(Arc<Mutex<Option<(String, f64)>>>);

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login")
    }
}

impl Login {
    /// The token, while it serves.
    pub(super) fn token(&self, now: f64) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(_, since)| (0.0..SERVES).contains(&(now - since))).map(|(token, _)| token.clone())
    }

    /// Keeps a token that was given just now, or forgets what there is.
    pub(super) fn keep(&self, token: Option<&str>, now: f64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = token.map(|t| (t.to_owned(), now));
    }
}

#[cfg(test)]
mod tests {
    use super::Login;

    #[test]
    fn a_token_serves_a_minute_and_does_not_print_itself() {
        let login = Login::default();
        assert_eq!(login.token(0.0), None);
        login.keep(Some("secret-word"), 10.0);
        assert_eq!(login.token(69.0).as_deref(), Some("secret-word"));
        assert_eq!((login.token(70.0), login.token(9.0)), (None, None));
        assert!(!format!("{login:?}").contains("secret"));
        login.keep(None, 20.0);
        assert_eq!(login.token(21.0), None);
    }
}
