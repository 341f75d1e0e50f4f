//! Questions to one registry, with the token that it handed out: who asks, where it sends elsewhere, what its refusals mean.

use std::time::Duration;

use base64::Engine as _;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::Url;

use super::{ACCEPT, Asker, LIMIT, REDIRECTS, is_own};
use crate::world::network::{Fetched, NetError, Request, Response};

/// So long is listened to how fast a piece comes, and no longer than this after the first question for it.
const SPEED: Duration = Duration::from_secs(2);
const SPEED_IN_ALL: Duration = Duration::from_millis(2_800);

/// How a registry wants to know who asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
    Basic,
}

/// Reads `WWW-Authenticate: Bearer realm="…",service="…",scope="…"`.
pub(super) fn challenge(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service, mut scope) = (None, None, None);
    let mut rest = rest.trim();
    while let Some((key, after)) = rest.split_once('=') {
        // A quoted value may hold commas: `repository:x:pull,push`.
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').map_or((after, ""), |(v, _)| (v, &after[v.len()..])),
        };
        match key.trim().to_ascii_lowercase().as_str() {
            "realm" => realm = Some(value.to_string()),
            "service" => service = Some(value.to_string()),
            "scope" => scope = Some(value.to_string()),
            _ => {}
        }
        rest = next.trim_start_matches([',', ' ']);
    }
    Some(Challenge::Bearer { realm: realm?, service, scope })
}

/// One image's questions to one registry, with the token that it handed out.
pub(super) struct Session<'a> {
    pub(super) asker: &'a Asker<'a>,
    pub(super) host: &'a str,
    pub(super) header: Option<String>,
    /// The registry answered that what was asked for is not there.
    pub(super) missing: bool,
}

/// What is wanted of an address.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    /// All of it.
    All,
    /// These bytes of it, both ends among them.
    Part(u64, u64),
    /// How fast its first bytes come.
    Speed(u64),
}

impl Session<'_> {
    /// What belongs to a registry (its tokens, the files it hands out from elsewhere) is trusted as it is, as Docker does.
    fn request(&self, url: &Url) -> Request {
        let ca = self.asker.ca.filter(|_| is_own(self.host, self.asker.images)).map(|pem| pem.as_bytes().to_vec());
        Request { timeout: LIMIT, ca, ..Request::get(url.clone()) }
    }

    pub(super) async fn get(&mut self, address: &str) -> Result<Response, String> {
        self.ask(address, Want::All).await.map(|got| got.response)
    }

    pub(super) async fn ask(&mut self, address: &str, want: Want) -> Result<Fetched, String> {
        let mut url = Url::parse(address).map_err(|_| format!("{address} is no address"))?;
        let (home, began) = (url.origin(), tokio::time::Instant::now());
        let (mut redirects, mut asked) = (0, false);
        loop {
            let mut request = self.request(&url);
            request.headers.push(("accept".into(), ACCEPT.into()));
            // What a registry hands out from elsewhere wants no login, and shall not see one.
            if let (Some(header), true) = (&self.header, url.origin() == home) {
                request.headers.push(("authorization".into(), header.clone()));
            }
            match want {
                Want::All => {}
                Want::Part(from, to) => request.headers.push(("range".into(), format!("bytes={from}-{to}"))),
                Want::Speed(most) => {
                    request.headers.push(("range".into(), format!("bytes=0-{}", most.saturating_sub(1))));
                    request.timeout = SPEED.min(SPEED_IN_ALL.saturating_sub(began.elapsed()));
                }
            }
            let network = self.asker.network;
            let got = match want {
                Want::Speed(most) => network.fetch(request, most).await,
                _ => network.http(request).await.map(|response| Fetched { response, ..Fetched::default() }),
            };
            let got = got.map_err(|e| self.plain(&e))?;
            let answer = &got.response;
            match answer.status {
                // A registry that knows no parts answers with all of it.
                200 | 206 => return Ok(got),
                301 | 302 | 303 | 307 | 308 if redirects < REDIRECTS => {
                    redirects += 1;
                    let to = answer.header("location").and_then(|l| url.join(l).ok());
                    url = to.ok_or_else(|| format!("{} sends elsewhere without saying where", self.host))?;
                }
                401 if !asked && url.origin() == home => {
                    asked = true;
                    let wanted = answer.header("www-authenticate").and_then(challenge);
                    self.header = Some(self.authorize(wanted, url.scheme() == "http").await?);
                }
                401 | 403 => return Err(format!("{} refuses it: the name or the login is wrong", self.host)),
                404 => {
                    self.missing = true;
                    return Err(format!("{} does not have it", self.host));
                }
                429 => return Err(format!("{} takes no more questions from here for now", self.host)),
                status => return Err(format!("{} answers with the status {status}", self.host)),
            }
        }
    }

    /// The header that the registry asks for: a token, or the login itself.
    async fn authorize(&self, wanted: Option<Challenge>, plain: bool) -> Result<String, String> {
        let images = self.asker.images;
        // A login is for the registry it was given for and for no other.
        let ours = is_own(self.host, images);
        let login = images.user.as_deref().zip(self.asker.password.as_ref()).filter(|_| ours).map(|(user, password)| {
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.expose_secret())))
        });
        let (realm, service, scope) = match wanted {
            Some(Challenge::Basic) => return login.ok_or_else(|| format!("{} asks for a login", self.host)),
            Some(Challenge::Bearer { realm, service, scope }) => (realm, service, scope),
            None => return Err(format!("{} asks for a login in a way that is not known here", self.host)),
        };
        let mut url = Url::parse(&realm).map_err(|_| format!("{} names no address for its login", self.host))?;
        for (key, value) in [("service", service), ("scope", scope)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(key, &value);
            }
        }
        let mut request = self.request(&url);
        // A password goes over plain HTTP only where the registry itself was chosen to be spoken to so.
        if let (Some(login), true) = (login, url.scheme() == "https" || plain) {
            request.headers.push(("authorization".into(), login));
        }
        let answer = self.asker.network.http(request).await.map_err(|e| self.plain(&e))?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match told["token"].as_str().or_else(|| told["access_token"].as_str()) {
            Some(token) if answer.status == 200 => Ok(format!("Bearer {token}")),
            _ => Err(format!("{} refuses it: the name or the login is wrong", self.host)),
        }
    }

    fn plain(&self, e: &NetError) -> String {
        match e {
            NetError::Tls(..) => format!("{} has a certificate that this machine does not trust", self.host),
            NetError::Protocol(..) => format!("{} answers, but not as a registry does", self.host),
            e => e.to_string(),
        }
    }
}
