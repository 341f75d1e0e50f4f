//! Whether the registries that images come from answer, and how fast. A slow subject.

use url::Url;

use crate::model::fact::Fact;
use crate::world::World;
use crate::world::network::{NetError, Request};

use super::read;

/// Seconds for one registry, all in all.
const PATIENCE: u64 = 5;

/// Milliseconds to an answer of `/v2/` (the base of the OCI distribution API), or why none came. `ca` is trusted as well.
pub(crate) async fn reach(world: &World, host: &str, ca: Option<&[u8]>) -> Fact<u64> {
    match read::within(world, PATIENCE, ask(world, host, ca)).await {
        Some(fact) => fact,
        None => Fact::unknown(format!("{host} did not answer within {PATIENCE} s")),
    }
}

async fn ask(world: &World, host: &str, ca: Option<&[u8]>) -> Fact<u64> {
    let mut answer = exchange(world, "https", host, ca).await;
    // A registry of one's own often speaks plain HTTP; a public one never does.
    if matches!(answer, Err(NetError::Tls(..) | NetError::Protocol(..) | NetError::Refused(_))) && (host.contains(':') || own(host)) {
        answer = exchange(world, "http", host, None).await;
    }
    answer.unwrap_or_else(|error| Fact::unknown(error.to_string()))
}

async fn exchange(world: &World, scheme: &str, host: &str, ca: Option<&[u8]>) -> Result<Fact<u64>, NetError> {
    let Ok(url) = Url::parse(&format!("{scheme}://{host}/v2/")) else {
        return Ok(Fact::unknown(format!("{host} is no name of a registry")));
    };
    let before = world.clock.ticks();
    let response = world.network.http(Request { ca: ca.map(<[u8]>::to_vec), ..Request::get(url) }).await?;
    let milliseconds = ((world.clock.ticks() - before) * 1000.0).max(0.0) as u64;
    Ok(match response.status {
        // Most ask for a token: 401 is how a registry that is there answers a stranger.
        200..=399 | 401 | 404 | 429 => Fact::known(milliseconds, format!("{scheme}://{host}/v2/ answers {}", response.status)),
        403 => Fact::unknown(format!("{host} or something on the way to it refuses (403)")),
        407 => Fact::unknown("the proxy on the way asks for a login (407)"),
        status => Fact::unknown(format!("{host} answers, but is not ready ({status})")),
    })
}

/// The host is this machine itself.
pub(crate) fn own(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.chars().all(|c| c.is_ascii_digit())).map_or(host, |(name, _)| name);
    name == "localhost" || name.starts_with("127.") || name == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::described::Described;
    use crate::world::network::Response;

    fn status(status: u16) -> Result<Response, NetError> {
        Ok(Response { status, ..Response::default() })
    }

    #[tokio::test]
    async fn a_registry_that_asks_for_a_token_answers() {
        let world = Described::new().web("https://quay.io/v2/", status(401)).web("https://ghcr.io/v2/", status(503)).world();
        assert_eq!(reach(&world, "quay.io", None).await.get(), Some(&0));
        assert!(reach(&world, "ghcr.io", None).await.how().contains("503"));
        assert_eq!(reach(&world, "nowhere.example", None).await.how(), "nothing listens at https://nowhere.example/v2/");
        assert_eq!(reach(&world, "silent.example", None).await.how(), "silent.example did not answer within 5 s");
        assert!(reach(&world, "not a host", None).await.how().contains("no name of a registry"));
    }

    #[tokio::test]
    async fn a_registry_of_ones_own_may_speak_plain_http() {
        let world = Described::new()
            .web("https://localhost:5000/v2/", Err(NetError::Tls("localhost:5000".into(), "record".into())))
            .web("http://localhost:5000/v2/", status(200))
            .world();
        assert_eq!(reach(&world, "localhost:5000", None).await.how(), "http://localhost:5000/v2/ answers 200");
        assert!(own("127.0.0.1:5000") && own("localhost") && !own("ghcr.io") && !own("registry.lan:5000"));
    }
}
