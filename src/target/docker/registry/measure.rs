//! What the registries' files tell beyond their lists: how large layers are once unpacked, and how fast the line is.
//!
//! A gzip file ends with the length of what was packed, modulo 2^32, in four bytes, least significant first (RFC 1952, section
//! 2.3.1, ISIZE): those four are fetched by a range (RFC 9110, section 14). That is the length of the layer's tar archive, in which
//! each file stands with a header and filled up to 512 bytes; a file system fills up to its own blocks, so that many small files take
//! somewhat more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join;
use futures_util::stream;

use super::session::{Session, Want};
use super::{Asker, Layer, Pieces, Told};
use crate::model::fact::Fact;
use crate::model::survey::ImageSurvey;

/// All of it takes no longer: a person waits for the plan.
const LIMIT: Duration = Duration::from_secs(3);

/// So many layers are asked for at once.
const AT_ONCE: usize = 6;

/// The line is measured by so many bytes of the largest layer at most.
const PIECE: u64 = 8_000_000;

/// Fewer bytes say something only where they took long enough.
const LEAST: u64 = 200_000;
const LONG_ENOUGH: f64 = 0.5;

/// A larger layer may be so large unpacked that its length does not fit into four bytes.
const LARGEST: u64 = 1 << 30;

/// A gzip file without any content has so many bytes.
const EMPTY: u64 = 18;

/// Measures both at the same time. Whatever is not told in time is unknown; the rest stays.
pub(super) async fn measure(asker: &Asker<'_>, told: Vec<(String, ImageSurvey, Option<Pieces>)>, line: bool) -> Told {
    let all: Vec<&Pieces> = told.iter().filter_map(|(_, _, p)| p.as_ref()).collect();
    let speed = async { if line { speed(asker, &all).await } else { Fact::default() } };
    let (sizes, line) = join(sizes(asker, &all), speed).await;
    let late = |p: &Pieces| Err(format!("{} did not tell all within {} s", p.host, LIMIT.as_secs()));
    let whole = |p: &Pieces| {
        let each = p.layers.iter().map(|l| sizes.get(l.digest.as_str()).cloned().unwrap_or_else(|| late(p)));
        match each.sum::<Result<u64, String>>() {
            Ok(bytes) => Fact::known(bytes, p.host.clone()),
            Err(why) => Fact::unknown(why),
        }
    };
    let images = told.iter().map(|(name, survey, pieces)| {
        let unpacked = pieces.as_ref().map_or_else(|| Fact::unknown(survey.download.how()), whole);
        (name.clone(), ImageSurvey { unpacked, ..survey.clone() })
    });
    Told { images: images.collect(), line }
}

/// Bytes of each layer once unpacked, by digest; each is asked for once, also where several images have it.
async fn sizes<'a>(asker: &Asker<'_>, all: &[&'a Pieces]) -> BTreeMap<&'a str, Result<u64, String>> {
    let mut seen = BTreeSet::new();
    let each = all.iter().flat_map(|p| p.layers.iter().map(move |l| (*p, l))).filter(|(_, l)| seen.insert(l.digest.as_str()));
    // What answers once without parts would send whole layers again and again.
    let deaf: Mutex<BTreeSet<&str>> = Mutex::default();
    let asked: Vec<_> = each.map(|(p, l)| size(asker, &deaf, p, l)).collect();
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    let end = tokio::time::Instant::now() + LIMIT;
    let mut sizes = BTreeMap::new();
    while let Ok(Some((digest, size))) = tokio::time::timeout_at(end, answers.next()).await {
        sizes.insert(digest, size);
    }
    sizes
}

async fn size<'a>(
    asker: &Asker<'_>,
    deaf: &Mutex<BTreeSet<&'a str>>,
    pieces: &'a Pieces,
    layer: &'a Layer,
) -> (&'a str, Result<u64, String>) {
    let known = match (layer.kind.rsplit(['.', '+']).next(), layer.size) {
        (Some("tar"), size) => Some(Ok(size)),
        (Some("gzip"), LARGEST..) => Some(Err("a layer is too large to tell what it is unpacked".into())),
        (Some("gzip"), EMPTY..) => None,
        (Some("zstd"), _) => Some(Err("a layer is packed with zstd, which does not say what it is unpacked".into())),
        _ => Some(Err("a layer is packed in a way that is not known here".into())),
    };
    let host = pieces.host.as_str();
    let no_parts = || Err(format!("{host} hands out no parts of its files"));
    let told = match known {
        Some(known) => known,
        None if deaf.lock().unwrap_or_else(PoisonError::into_inner).contains(host) => no_parts(),
        None => {
            let mut session = Session { asker, host, header: pieces.header.clone(), missing: false };
            let address = format!("{}/blobs/{}", pieces.base, layer.digest);
            match session.ask(&address, Want::Part(layer.size - 4, layer.size - 1)).await {
                Ok(got) if got.response.status == 206 => isize(&got.response.body, layer.size),
                Ok(_) => {
                    deaf.lock().unwrap_or_else(PoisonError::into_inner).insert(host);
                    no_parts()
                }
                Err(why) => Err(why),
            }
        }
    };
    (layer.digest.as_str(), told)
}

/// Reads the last four bytes of a gzip file. One that is made of several, as some layers are that can be read from the middle, tells
/// the length of its last part alone: less than was packed cannot be all of it.
fn isize(end: &[u8], packed: u64) -> Result<u64, String> {
    let bytes: [u8; 4] = end.try_into().map_err(|_| "the registry does not send the part that it was asked for".to_string())?;
    match u64::from(u32::from_le_bytes(bytes)) {
        told if told.saturating_mul(10) < packed.saturating_mul(9) => Err("a layer does not say what it is unpacked".into()),
        told => Ok(told),
    }
}

/// Bytes a second that come from the registry of the largest layer.
async fn speed(asker: &Asker<'_>, all: &[&Pieces]) -> Fact<f64> {
    let each = all.iter().flat_map(|p| p.layers.iter().map(move |l| (*p, l)));
    let Some((p, largest)) = each.max_by_key(|(_, l)| l.size) else { return Fact::unknown("no registry told of something to fetch") };
    let mut session = Session { asker, host: &p.host, header: p.header.clone(), missing: false };
    let address = format!("{}/blobs/{}", p.base, largest.digest);
    let most = largest.size.min(PIECE);
    match tokio::time::timeout(LIMIT, session.ask(&address, Want::Speed(most))).await {
        Err(_) => Fact::unknown(format!("{} did not answer within {} s", p.host, LIMIT.as_secs())),
        Ok(Err(why)) => Fact::unknown(why),
        Ok(Ok(got)) if got.seconds > 0.0 && (got.bytes >= LEAST || got.seconds >= LONG_ENOUGH) => {
            Fact::known(got.bytes as f64 / got.seconds, format!("{} bytes from {}", got.bytes, p.host))
        }
        Ok(Ok(got)) if got.bytes == 0 && largest.size >= LEAST => Fact::unknown(format!("{} sent nothing in time", p.host)),
        Ok(Ok(_)) => Fact::unknown("there is too little to fetch to measure the line by"),
    }
}
