//! What a plan comes to, in a line: steps, bytes to download and on the disk, time. From what was measured; what was not is not
//! counted, and that is said.

use std::collections::BTreeMap;

use super::figures::{bytes, count, rate, span};
use crate::model::plan::{Plan, Step, StepState, removals};

/// What is still to do comes to.
struct Sum {
    /// Bytes, and whether these are all.
    download: (u64, bool),
    disk: (u64, bool),
    seconds: (f64, bool),
}

fn to_do(states: &BTreeMap<String, StepState>, step: &Step) -> bool {
    !states.get(&step.id).is_some_and(StepState::settled)
}

fn sum(plan: &Plan, states: &BTreeMap<String, StepState>) -> Sum {
    let bytes = |of: fn(&Step) -> Option<u64>| {
        let todo = plan.steps.iter().filter(|s| to_do(states, s));
        todo.fold((0_u64, true), |(sum, whole), s| {
            (sum.saturating_add(of(s).unwrap_or(0)), whole && (of(s).is_some() || !s.preview.fetches))
        })
    };
    Sum {
        download: bytes(|s| s.preview.download_bytes),
        disk: bytes(|s| s.preview.disk_bytes),
        seconds: plan.lasts(|s| to_do(states, s).then_some(s.preview.seconds)),
    }
}

/// Parts that stand and are made anew: each of them stops for some seconds, and a recorder records nothing meanwhile.
fn anew(plan: &Plan, states: &BTreeMap<String, StepState>) -> usize {
    let different = |s: &Step| matches!(states.get(&s.id), Some(StepState::Different { .. }));
    plan.steps.iter().filter(|s| s.kind == "container" && different(s)).count()
}

/// There is something to download, and no registry told how much.
const UNKNOWN: &str = "downloads of unknown size";

/// Where a figure is not all of it, that is said.
fn least(whole: bool) -> &'static str {
    if whole { "" } else { "at least " }
}

/// What there is to do, as `14 steps, 1 done already` and `571 MB to download, 1.4 GB on the disk`; and how long that takes, where
/// anything of it is known: `about 6 min at the 24 Mbit/s measured here`.
pub fn parts(plan: &Plan, states: &BTreeMap<String, StepState>) -> (Vec<String>, Option<String>) {
    let sum = sum(plan, states);
    let done = plan.steps.iter().filter(|s| !to_do(states, s)).count();
    let mut steps = count(plan.steps.len(), "step");
    if done > 0 {
        steps += &format!(", {done} done already");
    }
    let gone = removals(states).count();
    let (download, disk) = (sum.download, sum.disk);
    let mut room = vec![];
    if download.0 > 0 {
        room.push(format!("{}{} to download", least(download.1), bytes(download.0)));
    } else if !download.1 {
        room.push(UNKNOWN.into());
    }
    if disk.0 > 0 {
        // What was said of the download holds for what comes of it.
        let said = download.0 > 0 && !download.1;
        room.push(format!("{}{} on the disk", least(disk.1 || said), bytes(disk.0)));
    }
    let line = plan.line.filter(|_| download.0 > 0).map(|l| format!(" at the {} measured here", rate(l))).unwrap_or_default();
    let (seconds, whole) = sum.seconds;
    let mut parts = vec![steps];
    parts.extend((gone > 0).then(|| format!("{gone} to remove")));
    parts.extend(match anew(plan, states) {
        0 => None,
        1 => Some("1 part starts anew".into()),
        n => Some(format!("{n} parts start anew")),
    });
    parts.extend((!room.is_empty()).then(|| room.join(", ")));
    // A time with nothing of the downloads in it would mislead, unless that is said.
    let more = if download == (0, false) { ", and the downloads" } else { "" };
    (parts, (seconds > 0.0).then(|| format!("{} {}{line}{more}", if whole { "about" } else { "at least" }, span(seconds))))
}

/// The same in few letters: `13 steps, at least 571 MB to download, 1.4 GB on disk, 6 min`.
pub fn short(plan: &Plan, states: &BTreeMap<String, StepState>) -> String {
    let Sum { download, disk, seconds } = sum(plan, states);
    let gone = removals(states).count();
    let mut figures = vec![];
    figures.extend((download.0 > 0).then(|| (download.1, format!("{} to download", bytes(download.0)))));
    figures.extend((disk.0 > 0).then(|| (disk.1, format!("{} on disk", bytes(disk.0)))));
    figures.extend((seconds.0 > 0.0).then(|| (seconds.1, span(seconds.0))));
    let mut said = count(plan.steps.iter().filter(|s| to_do(states, s)).count() + gone, "step");
    if download == (0, false) {
        said += &format!(", {UNKNOWN}");
    }
    let mut least_said = false;
    for (whole, text) in figures {
        said += &format!(", {}{text}", least(whole || least_said));
        least_said |= !whole;
    }
    said
}

/// What one step takes, as far as that is known: `140 MB to download, 350 MB on the disk, about 40 s`.
pub fn step(s: &Step) -> Option<String> {
    let p = &s.preview;
    let mut all = vec![];
    all.extend(p.download_bytes.filter(|b| *b > 0).map(|b| format!("{} to download", bytes(b))));
    all.extend(p.disk_bytes.filter(|b| *b > 0).map(|b| format!("{} on the disk", bytes(b))));
    all.extend(p.seconds.map(|s| if s < 1.0 { "less than a second".into() } else { format!("about {}", span(s)) }));
    (!all.is_empty()).then(|| all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Preview;

    fn plan(change: impl Fn(&mut Preview)) -> Plan {
        let mut preview = Preview {
            fetches: true,
            download_bytes: Some(571_000_000),
            disk_bytes: Some(1_420_000_000),
            seconds: Some(360.0),
            ..Preview::default()
        };
        change(&mut preview);
        let step = |id: &str, preview: Preview| Step { preview, ..Step::plain(id, "k") };
        let there = Preview { disk_bytes: Some(9_000_000_000), ..Preview::default() };
        Plan { steps: vec![step("a", preview), step("there", there)], line: Some(3_000_000.0), ..Plan::default() }
    }

    fn states() -> BTreeMap<String, StepState> {
        [("there".to_string(), StepState::OursAlready)].into()
    }

    fn said(plan: &Plan) -> (String, String) {
        let (all, time) = parts(plan, &states());
        (all.into_iter().chain(time).collect::<Vec<_>>().join(" · "), short(plan, &states()))
    }

    #[test]
    fn every_figure_is_said_and_moves_with_what_it_comes_from() {
        let (whole, few) = said(&plan(|_| {}));
        assert_eq!(whole, "2 steps, 1 done already · 571 MB to download, 1.4 GB on the disk · about 6 min at the 24 Mbit/s measured here");
        assert_eq!(few, "1 step, 571 MB to download, 1.4 GB on disk, 6 min");
        let (whole, few) =
            said(&plan(|p| (p.download_bytes, p.disk_bytes, p.seconds) = (Some(99_000_000), Some(2_000_000_000), Some(20.0))));
        assert!(whole.contains("99 MB to download, 2.0 GB on the disk · about 20 s"), "{whole}");
        assert_eq!(few, "1 step, 99 MB to download, 2.0 GB on disk, 20 s");
        let slow = Plan { line: Some(250_000.0), ..plan(|_| {}) };
        assert!(said(&slow).0.ends_with("at the 2.0 Mbit/s measured here"), "{slow:?}");
    }

    #[test]
    fn what_is_not_known_makes_it_at_least() {
        let two = |change: fn(&mut Preview)| {
            let mut plan = plan(|_| {});
            let mut more = plan.steps[0].clone();
            more.id = "more".into();
            change(&mut more.preview);
            plan.steps.push(more);
            said(&plan)
        };
        let (whole, few) = two(|p| (p.download_bytes, p.disk_bytes, p.seconds) = (None, None, None));
        assert!(whole.contains("· at least 571 MB to download, 1.4 GB on the disk · at least 6 min at"), "{whole}");
        assert_eq!(few, "2 steps, at least 571 MB to download, 1.4 GB on disk, 6 min");
        let (whole, few) = two(|p| p.disk_bytes = None);
        assert!(whole.contains("1.1 GB to download, at least 1.4 GB on the disk · about 12 min"), "{whole}");
        assert_eq!(few, "2 steps, 1.1 GB to download, at least 1.4 GB on disk, 12 min");
        // No registry answered: the little that is known must not pass for all.
        let silent = plan(|p| (p.download_bytes, p.disk_bytes, p.seconds) = (None, None, None));
        let mut timed = silent.clone();
        timed.steps.push(Step { preview: Preview { seconds: Some(3.0), ..Preview::default() }, ..Step::plain("start", "k") });
        let (whole, few) = said(&timed);
        assert!(whole.ends_with(" · downloads of unknown size · at least 3 s, and the downloads"), "{whole}");
        assert_eq!(few, "2 steps, downloads of unknown size, at least 3 s");
        // A step that fetches nothing takes no room that anybody counts.
        let (whole, _) = two(|p| *p = Preview { seconds: Some(1.0), ..Preview::default() });
        assert!(whole.contains("· 571 MB to download, 1.4 GB on the disk · about 6 min"), "{whole}");
    }

    #[test]
    fn parts_that_stop_and_start_anew_are_counted() {
        let steps = ["a", "b", "c"].map(|id| Step::plain(id, if id == "c" { "unit" } else { "container" })).to_vec();
        let plan = Plan { steps, ..Plan::default() };
        let other = |ids: &[&str]| ids.iter().map(|id| ((*id).to_string(), StepState::Different { diff: vec![] })).collect();
        let said = |ids: &[&str]| parts(&plan, &other(ids)).0.join(" · ");
        assert_eq!(said(&["c"]), "3 steps");
        assert_eq!(said(&["a", "c"]), "3 steps · 1 part starts anew");
        assert_eq!(said(&["a", "b"]), "3 steps · 2 parts start anew");
    }

    #[test]
    fn a_step_says_what_it_takes() {
        let takes = |change: fn(&mut Preview)| step(&plan(change).steps[0]);
        assert_eq!(takes(|_| {}).as_deref(), Some("571 MB to download, 1.4 GB on the disk, about 6 min"));
        assert_eq!(takes(|p| *p = Preview { seconds: Some(0.2), ..Preview::default() }).as_deref(), Some("less than a second"));
        assert_eq!(takes(|p| *p = Preview::default()), None);
    }
}
