//! What the steps come to: bytes and seconds, from what was measured here, else from the figures that kerbup brings along. What
//! nobody measured is none, and the notes say why.

use std::collections::BTreeMap;

use super::build::Wish;
use crate::model::host::DockerPresence;
use crate::model::plan::{Plan, Step};
use crate::model::survey::{ImageSurvey, Survey};
use crate::step;

/// Bytes that an image takes below the engine's folder.
pub(super) fn on_disk(wish: &Wish, image: &ImageSurvey) -> Option<u64> {
    let packed = match wish.host.docker.get() {
        Some(DockerPresence::Running(engine)) => engine.keeps_packed,
        _ => None,
    };
    image.on_disk(packed).get().copied()
}

fn image<'a>(survey: &'a Survey, step: &Step) -> Option<&'a ImageSurvey> {
    survey.images.get(step.id.strip_prefix("image:")?)
}

/// A download takes as long as whole earlier ones did here, by its size; else as its bytes on the measured line, and the engine
/// after it. Anything else takes as long as it did here before, else as it did elsewhere.
fn seconds(wish: &Wish, step: &Step) -> Option<f64> {
    let (survey, brought) = (wish.survey, &wish.recipes.figures);
    if step.kind == "image" {
        let bytes = step.preview.download_bytes? as f64;
        let rate = survey.fetch_rate.or_else(|| survey.line_rate.get().copied());
        let unpacking = match (survey.fetch_rate, image(survey, step).and_then(|i| i.unpacked.get())) {
            (None, Some(unpacked)) if brought.unpack.bytes_a_second >= 1.0 => *unpacked as f64 / brought.unpack.bytes_a_second,
            _ => 0.0,
        };
        return if bytes > 0.0 { Some(bytes / rate?.max(1.0) + unpacking) } else { Some(0.0) };
    }
    let sort = step::sort(step);
    survey.step_seconds.get(&sort).copied().or_else(|| brought.steps.get(&sort).map(|t| t.seconds))
}

/// Tells each step its seconds, and the plan its line and what is not known.
pub(super) fn reckon(plan: &mut Plan, wish: &Wish) {
    let survey = wish.survey;
    for s in &mut plan.steps {
        s.preview.seconds = seconds(wish, s);
    }
    let downloads = plan.steps.iter().any(|s| s.preview.download_bytes.is_some_and(|b| b > 0));
    plan.line = survey.fetch_rate.or_else(|| survey.line_rate.get().copied()).filter(|_| downloads);
    let sizes = unsized_images(&plan.steps, survey);
    plan.notes.extend(sizes);
    if downloads && plan.line.is_none() {
        plan.notes.push(format!("How long the downloads take is not known: {}.", survey.line_rate.how()));
    }
}

/// Images whose size nobody told, so that the sum is not taken for all of it.
fn unsized_images(steps: &[Step], survey: &Survey) -> Vec<String> {
    let mut download: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut disk = download.clone();
    for s in steps {
        let (Some(name), Some(image)) = (s.id.strip_prefix("image:"), image(survey, s)) else { continue };
        if s.preview.download_bytes.is_none() {
            download.entry(image.download.how()).or_default().push(name);
        } else if s.preview.disk_bytes.is_none() {
            disk.entry(image.unpacked.how()).or_default().push(name);
        }
    }
    let downloads =
        download.into_iter().map(|(why, all)| format!("How much there is to download of {} is not known: {why}.", all.join(", ")));
    let disks = disk.into_iter().map(|(why, all)| format!("How much {} will take on the disk is not known: {why}.", all.join(", ")));
    downloads.chain(disks).collect()
}
