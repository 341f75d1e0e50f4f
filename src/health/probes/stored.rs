//! What lies in the video store: how far back it goes, and how much each camera wrote in the last day. A recording's key is
//! `<directory>/<second>_<…>_<camera>_….mp4` (the Vault keeps the Agent's names), and a store lists keys in order.

use std::collections::BTreeMap;

use rusty_s3::actions::{ListObjectsV2, ListObjectsV2Response};

use super::{Target, s3};
use crate::health::{DAY, begun};

/// Directories that are looked into: one a site or one a camera.
const DIRECTORIES: usize = 16;

/// Keys of a page: some 100 KB, every time the store is asked.
const PAGE: usize = 300;

/// Shortest time over which a rate is measured, seconds.
const MEASURED: f64 = 60.0;

/// What is stored.
#[derive(Debug, Default, PartialEq)]
pub(in crate::health) struct Stored {
    /// The store could be listed.
    pub(in crate::health) listed: bool,
    /// When the oldest recording began, seconds since 1970.
    pub(in crate::health) oldest: Option<f64>,
    /// Bytes a day by camera.
    pub(in crate::health) per_day: BTreeMap<String, f64>,
}

/// Looks into the store. What cannot be read is left out: whether the store is well is the probe's matter.
pub(super) async fn look(target: &Target<'_>) -> Stored {
    let now = target.world.clock.now();
    let mut stored = Stored::default();
    let Some(top) = list(target, |q| (q.with_delimiter("/"), q.with_max_keys(DIRECTORIES)).1).await else {
        return stored;
    };
    stored.listed = true;
    for directory in top.common_prefixes.into_iter().map(|p| p.prefix).take(DIRECTORIES) {
        let first = list(target, |q| (q.with_prefix(directory.clone()), q.with_max_keys(1)).1).await;
        stored.listed &= first.is_some();
        let Some(oldest) = first.and_then(|page| recording(&page.contents.first()?.key).map(|(at, _)| at)) else {
            continue;
        };
        stored.oldest = Some(stored.oldest.map_or(oldest, |o| o.min(oldest)));
        let from = oldest.max(now - DAY).floor();
        let after = format!("{directory}{from:.0}");
        let Some(page) = list(target, |q| (q.with_prefix(directory.clone()), q.with_start_after(after), q.with_max_keys(PAGE)).2).await
        else {
            continue;
        };
        for (camera, rate) in rates(&page, from, now) {
            *stored.per_day.entry(camera).or_default() += rate;
        }
    }
    stored
}

/// Bytes a day of each camera on a page that begins at `from`: up to its last key where there are more, else up to now.
fn rates(page: &ListObjectsV2Response, from: f64, now: f64) -> BTreeMap<String, f64> {
    let all: Vec<(f64, &str, u64)> =
        page.contents.iter().filter_map(|o| recording(&o.key).map(|(at, camera)| (at, camera, o.size.unwrap_or(0)))).collect();
    let (counted, end) = match (&page.next_continuation_token, all.split_last()) {
        (Some(_), Some(((at, _, _), before))) => (before, *at),
        _ => (all.as_slice(), now),
    };
    let took = end - from;
    let mut rates = BTreeMap::new();
    if took >= MEASURED {
        for (_, camera, size) in counted {
            *rates.entry((*camera).to_owned()).or_default() += *size as f64 / took * DAY;
        }
    }
    rates
}

/// When a recording began, and its camera.
fn recording(key: &str) -> Option<(f64, &str)> {
    let name = key.rsplit('/').next()?;
    Some((begun(name)?, name.split('_').nth(2)?))
}

async fn list<F: FnOnce(&mut ListObjectsV2<'_>)>(target: &Target<'_>, shape: F) -> Option<ListObjectsV2Response> {
    let answer = s3::list(target, shape).await.ok().filter(|a| a.status == 200)?;
    ListObjectsV2::parse_response(&String::from_utf8_lossy(&answer.body)).ok()
}
