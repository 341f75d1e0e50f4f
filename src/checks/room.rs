//! Rules about room: on the system disk, for images, for recordings over the days they are kept.

use super::outcome::{Facts, Outcome, known, only_on_docker};
use crate::model::answers::Record;
use crate::model::check::Fix;
use crate::model::host::Mount;
use crate::words::figures;

const GB: u64 = 1_000_000_000;

/// disk-full: file systems that everything on the machine writes to.
pub fn full(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let places = ["/", "/var/lib", "/var/log", "/tmp", f.answers.path.as_str()];
    let mut tight: Vec<&Mount> = places.iter().filter_map(|p| f.room_of(p)).filter(|m| m.free < GB).collect();
    // What lies in memory is small by design, and no place for recordings.
    let chosen = f.room_of(&f.answers.path).map(|m| m.path.as_str());
    tight.retain(|m| !m.options.iter().any(|o| o == "ro") && (m.fs != "tmpfs" || chosen == Some(m.path.as_str())));
    tight.dedup_by(|a, b| a.path == b.path);
    let advice = "See what fills it: sudo du -xh --max-depth=2 / | sort -h | tail -20 – old packages: sudo apt clean; old logs: sudo journalctl \
                  --vacuum-size=100M";
    match tight.iter().min_by_key(|m| m.free) {
        None => Outcome::pass("at least 1 GB is free everywhere"),
        Some(m) if m.free < 200_000_000 => {
            let full = Outcome::block(format!("{} is full: {} free", m.path, figures::bytes(m.free)), advice);
            if m.path != "/" && chosen == Some(m.path.as_str()) { full.fix(Fix::OtherFolder) } else { full }
        }
        Some(m) => Outcome::warn(format!("{} is nearly full: {} free", m.path, figures::bytes(m.free)), advice),
    }
}

/// disk-inodes: a file system may be full of files while bytes are left.
pub fn inodes(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let places = ["/var/lib", f.answers.path.as_str()];
    // File systems without a fixed number report none, or zero.
    let least =
        places.iter().filter_map(|p| f.mount_of(p)).filter_map(|m| Some((m, m.inodes_free.filter(|n| *n > 0 || m.fs.starts_with("ext"))?)));
    let advice = "Many small files use them up. See where: sudo du --inodes -x / | sort -n | tail -20";
    match least.min_by_key(|(_, n)| *n) {
        None => Outcome::skip("no file system here has a fixed number of files"),
        Some((m, n)) if n < 1_000 => Outcome::block(format!("{} has room for {n} more files only", m.path), advice),
        Some((m, n)) if n < 20_000 => Outcome::warn(format!("{} has room for {n} more files only", m.path), advice),
        Some((_, n)) => Outcome::pass(format!("room for {n} more files")),
    }
}

/// disk-images: room below the engine's folder.
pub fn images(f: &Facts) -> Outcome {
    only_on_docker!(f);
    if f.nothing_to_fetch() {
        return Outcome::pass("all images are here already");
    }
    let (root, free) = match f.engine() {
        Some(engine) => (engine.root.as_str(), engine.root_free.or_else(|| f.room_of(&engine.root).map(|m| m.free))),
        None => ("/var/lib/docker", f.room_of("/var/lib/docker").map(|m| m.free)),
    };
    let Some(free) = free else { return Outcome::skip(format!("not known: the free room below {root}")) };
    let advice = "Remove images that nothing uses: docker image prune – or move Docker's folder to a larger disk: {\"data-root\": \
                  \"/srv/docker\"} in /etc/docker/daemon.json, then sudo systemctl restart docker.";
    match f.needs.image_bytes {
        // What is fetched lies beside what is unpacked for a while, and logs and the next update want some too.
        Some(bytes) if free < bytes => Outcome::block(
            format!("the images take at least {}, and {root} has {} free", figures::bytes(bytes), figures::bytes(free)),
            advice,
        ),
        Some(bytes) if free < bytes + 2 * GB => Outcome::warn(
            format!("after the images ({}) little is left below {root}: {} are free now", figures::bytes(bytes), figures::bytes(free)),
            advice,
        ),
        None if free < 4 * GB => Outcome::warn(format!("{} free below {root}, where images go", figures::bytes(free)), advice),
        _ => Outcome::pass(format!("{} free below {root}", figures::bytes(free))),
    }
}

/// Bytes that the cameras which were tried write at most over the days that are kept, with how many of them were measured.
pub fn recordings(f: &Facts) -> Option<(u64, usize)> {
    let rates = f.answers.cameras.iter().filter_map(|c| f.tried.get(&c.name)?.outcome.as_ref().ok()?.bits_per_second);
    let (sum, measured) = rates.filter(|r| r.is_finite() && *r > 0.0).fold((0.0, 0), |(sum, n), rate| (sum + rate, n + 1));
    (measured > 0).then_some(((sum / 8.0 * 86_400.0 * f64::from(f.answers.retention_days)) as u64, measured))
}

/// What is said of a site that records already: its own recordings are no files in the way.
const STANDS: &str = "the site stands: what it recorded makes room for what it will record";

/// Bytes for recordings: what is free, and what older ones of the same site take; with the words for these.
fn with_own(f: &Facts, mount: &Mount) -> (u64, String) {
    let own = f.own.min(mount.total.saturating_sub(mount.free));
    let words = if own >= GB { format!(", and {} of its own recordings", figures::bytes(own)) } else { String::new() };
    (mount.free.saturating_add(own), words)
}

/// disk-recordings: days times streams against the disk.
pub fn days(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let Some(mount) = f.room_of(&f.answers.path) else { return Outcome::skip("not known: the folder's room could not be asked") };
    if f.stands() {
        return Outcome::pass(STANDS);
    }
    let Some((bytes, measured)) = recordings(f) else { return Outcome::skip("told once a camera was tried") };
    let all = f.answers.cameras.len();
    let of = if measured < all { format!("{measured} of {all} cameras") } else { format!("{measured} cameras") };
    let days = f.answers.retention_days;
    // A tenth stays free: file systems slow down and databases stop when nothing is left.
    let (free, own) = with_own(f, mount);
    let room = free.saturating_sub(mount.total / 10);
    let seen = format!(
        "{of}, always recording: at most {} in {days} days; {} has {} free{own}",
        figures::bytes(bytes),
        mount.path,
        figures::bytes(mount.free)
    );
    if bytes <= room {
        return Outcome::pass(seen);
    }
    let fit = (u128::from(room) * u128::from(days) / u128::from(bytes.max(1))) as u64;
    let only_motion = f.answers.cameras.iter().all(|c| c.record == Record::Motion);
    let less = if only_motion { " Recording on movement takes much less than that." } else { "" };
    let advice = format!(
        "The oldest recordings go first when the disk fills. For certain: keep {} days (storage.retention_days), use smaller streams, or a larger \
         disk.{less}",
        fit.max(1)
    );
    if fit == 0 {
        return Outcome::warn(format!("{seen}: not even one day fits"), advice).fix(Fix::OtherFolder);
    }
    Outcome::warn(seen, advice)
}

/// disk-for-recordings: what can be said before any camera was tried.
pub fn folder(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let Some(mount) = f.room_of(&f.answers.path) else { return Outcome::skip("not known: the folder's room could not be asked") };
    if f.stands() {
        return Outcome::pass(STANDS);
    }
    let (free, own) = with_own(f, mount);
    if free < 10 * GB {
        // 2 Mbit/s, an ordinary stream, make 21.6 GB a day.
        return Outcome::warn(
            format!("{} free for recordings on {}: less than half a day of one ordinary camera", figures::bytes(mount.free), mount.path),
            "Choose a folder on a larger disk, or record on movement and keep few days.",
        )
        .fix(Fix::OtherFolder);
    }
    Outcome::pass(format!("{} free for recordings on {}{own}", figures::bytes(mount.free), mount.path))
}
