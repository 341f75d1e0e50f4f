//! What `check`, `plan`, `status` and the journey show as lines. Pure: data in, lines out.

use std::collections::BTreeMap;

use super::table::table;
use crate::model::answers::{Answers, Camera};
use crate::model::camera::CameraTried;
use crate::model::check::{Check, Status, verdict};
use crate::model::choice::Sizing;
use crate::model::fault::Fault;
use crate::model::health::{CameraState, ComponentHealth, ComponentState, HealthSnapshot, Overall};
use crate::model::host::HostReport;
use crate::model::plan::{Plan, Step, StepState, removals};
use crate::words::camera::whence;
use crate::words::figures::{bytes, count, memory, or_dash, percent, span, takes};
use crate::words::machine::{self, Known};
use crate::words::{answers, disks, faults, plain, stage, state, sum, vault};

/// A fault: what is wrong, where, why, what to do.
pub fn fault(fault: &Fault) -> Vec<String> {
    faults::lines(fault)
}

/// The machine's facts, a line each.
pub fn machine(host: &HostReport) -> Vec<String> {
    let seen = machine::rows(host, &[]);
    let width = seen.iter().map(|s| s.subject.len()).max().unwrap_or(0);
    let says = |s: &machine::Seen| {
        // Columns of the full screen are no help here.
        let says = s.says.split_whitespace().collect::<Vec<_>>().join(" ");
        if s.known == Known::No { format!("not known: {says}") } else { says }
    };
    seen.iter().map(|s| format!("  {:width$}  {}", s.subject, says(s))).collect()
}

/// How many checks passed, and each that a person should know of; `all` lists every one.
pub fn checks(checks: &[Check], all: bool) -> Vec<String> {
    let number = |status: Status| checks.iter().filter(|c| c.status == status).count();
    let mut lines = vec![format!(
        "{} passed, {} to know, {} in the way.",
        count(number(Status::Pass), "check"),
        number(Status::Warn),
        number(Status::Block)
    )];
    let mut sorted: Vec<&Check> = checks.iter().filter(|c| all || c.status >= Status::Warn).collect();
    // What is in the way comes first.
    sorted.sort_by_key(|c| c.status.order());
    for check in sorted {
        let mut line = format!("  {}: {}: {} [{}]", stage::status(check.status), check.area, check.seen.trim_end_matches('.'), check.id);
        if check.status >= Status::Warn && !check.advice.is_empty() {
            line.push_str(&format!("\n    What to do: {}", check.advice));
        }
        lines.extend(line.lines().map(String::from));
    }
    lines
}

/// The whole of `check`.
pub fn check(host: &HostReport, found: &[Check]) -> Vec<String> {
    let mut lines = machine(host);
    lines.push(String::new());
    lines.extend(checks(found, true));
    lines.push(match verdict(found) {
        Status::Block => "This machine is not ready: see what is in the way.".into(),
        Status::Warn => "This machine can do it; there are things to know.".into(),
        _ => "This machine can do it.".into(),
    });
    lines
}

/// The plan as a numbered list.
pub fn plan(plan: &Plan, states: &BTreeMap<String, StepState>) -> Vec<String> {
    let (parts, time) = sum::parts(plan, states);
    let mut lines = vec![format!("{}.", parts.into_iter().chain(time).collect::<Vec<_>>().join(", "))];
    let rows: Vec<Vec<String>> = plan
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            // What is there is not fetched and takes no time.
            let todo = !states.get(&step.id).is_some_and(StepState::settled);
            vec![
                (at + 1).to_string(),
                step.title.clone(),
                step.preview.place.clone(),
                states.get(&step.id).map_or("to do", plain::state).to_string(),
                or_dash(step.preview.download_bytes.filter(|_| todo).map(bytes)),
                or_dash(step.preview.disk_bytes.map(bytes)),
                or_dash(step.preview.seconds.filter(|_| todo).map(takes)),
            ]
        })
        .collect();
    lines.extend(table(&[" NO", "STEP", "WHERE", "STATE", " DOWNLOAD", " DISK", " TIME"], &rows));
    lines.extend(removals(states).map(|(_, title)| format!("– {title}")));
    if !states.is_empty() && states.values().all(StepState::settled) && plan.steps.iter().all(|s| states.contains_key(&s.id)) {
        lines.push(format!("{}: all is as these answers say.", stage::NOTHING_TO_CHANGE));
    }
    lines.extend(plan.notes.iter().map(|n| format!("Note: {n}")));
    lines
}

/// What a plan does to a site that stands, a line each.
pub fn changes(plan: &Plan, states: &BTreeMap<String, StepState>) -> Vec<String> {
    let gone = removals(states).map(|(_, title)| format!("– {title}"));
    let steps = plan.steps.iter().filter_map(|s| match states.get(&s.id) {
        Some(state) if state.settled() => None,
        Some(StepState::Different { .. }) => Some(format!("~ {}", s.title)),
        _ => Some(format!("+ {}", s.title)),
    });
    gone.chain(steps).collect()
}

/// One step of the plan in full.
pub fn step(step: &Step, state: Option<&StepState>) -> Vec<String> {
    let mut lines = vec![format!("{}.", step.title.trim_end_matches('.'))];
    if !step.why.is_empty() {
        lines.push(format!("  Why: {}", step.why));
    }
    if let Some(StepState::Different { diff }) = state {
        lines.extend(diff.iter().map(|d| format!("  Differs: {d}")));
    }
    lines.extend(sum::step(step).map(|takes| format!("  Takes: {takes}")));
    lines.extend(step.preview.by_hand.iter().map(|c| format!("  By hand: {c}")));
    if !step.preview.undo.is_empty() {
        lines.push(format!("  Undo: {}", step.preview.undo));
    }
    lines
}

/// How it is: parts, cameras, disk, and what is wrong.
pub fn status(snapshot: &HealthSnapshot) -> Vec<String> {
    let all = match snapshot.overall {
        Overall::Degraded => format!("{}, and something needs a look", state::heading(snapshot)),
        overall => state::overall(overall).into(),
    };
    let mut lines = vec![format!("Site {}: {all}.", snapshot.site)];
    let parts: Vec<Vec<String>> = snapshot
        .components
        .iter()
        .map(|c| {
            vec![
                format!("{} ({})", c.title, c.product),
                state::component(c.state).to_string(),
                or_dash(c.up_seconds.map(span)),
                or_dash(c.cpu.map(percent)),
                or_dash(c.memory.map(memory)),
                c.url.clone().unwrap_or_else(|| "inside only".into()),
            ]
        })
        .collect();
    if !parts.is_empty() {
        lines.push(String::new());
        lines.extend(table(&["PART", "STATE", " UP", " CPU", " MEMORY", "ADDRESS"], &parts));
    }
    let cameras: Vec<Vec<String>> = snapshot
        .cameras
        .iter()
        .map(|c| {
            vec![
                c.name.clone(),
                state::camera(c.state).to_string(),
                or_dash(c.fps.map(|f| format!("{f:.0} fps"))),
                or_dash(c.last_saved_seconds.map(|s| format!("{} ago", span(s)))),
                or_dash(c.waiting.map(|n| n.to_string())),
                or_dash(c.bytes_per_day.map(|b| bytes(b as u64))),
            ]
        })
        .collect();
    if !cameras.is_empty() {
        lines.push(String::new());
        lines.extend(table(&["CAMERA", "STATE", " PICTURE", " LAST SAVED", " TO SAVE", " PER DAY"], &cameras));
    }
    if let Some(disk) = &snapshot.disk {
        let mut line = format!("Disk {}: {} free of {}", disk.path, bytes(disk.free), bytes(disk.total));
        if let Some(days) = disk.keeps_days {
            line.push_str(&format!(", keeps {}", count(days as usize, "day")));
        }
        if let Some(days) = disk.fits_days {
            line.push_str(&format!(", {days} would fit"));
        }
        lines.push(String::new());
        lines.push(format!("{line}."));
        lines.extend(disk.note.clone());
    }
    lines.extend(wrong(snapshot));
    lines
}

/// What a person has to enter by hand, for each part that waits to be set up.
pub fn to_enter(snapshot: &HealthSnapshot) -> Vec<String> {
    let waiting = snapshot.components.iter().filter(|c| c.state == ComponentState::NotConfigured);
    let list = |part: &ComponentHealth| [vec![format!("{}:", vault::TITLE)], vault::set_up(snapshot, part.url.as_deref())].concat();
    waiting.flat_map(list).collect()
}

/// A line for each part and camera that is not as it should be, with the evidence.
pub fn wrong(snapshot: &HealthSnapshot) -> Vec<String> {
    use crate::model::health::{CameraState as C, ComponentState as P};
    let said = |name: &str, state: &str, evidence: &[String]| {
        (name.to_string(), evidence.first().map_or_else(|| state.to_string(), |seen| format!("{state}: {seen}")))
    };
    let parts = snapshot.components.iter().filter(|c| !matches!(c.state, P::Healthy | P::Starting));
    let cameras = snapshot.cameras.iter().filter(|c| !matches!(c.state, C::Recording | C::Watching | C::Starting));
    let parts = parts.map(|c| said(&c.title, state::component(c.state), &c.evidence));
    // What ails several in the same way is said once.
    let mut all: Vec<(String, String)> = vec![];
    for (who, what) in parts.chain(cameras.map(|c| said(&c.name, state::camera(c.state), &c.evidence))) {
        match all.iter_mut().find(|(_, same)| *same == what) {
            Some((names, _)) => *names = format!("{names}, {who}"),
            None => all.push((who, what)),
        }
    }
    let mut lines: Vec<String> = all.into_iter().map(|(who, what)| format!("{who}: {what}")).collect();
    // What is more to say of a camera that records: its recordings may get lost all the same.
    for c in snapshot.cameras.iter().filter(|c| state::records(c)) {
        lines.extend(c.evidence.iter().skip(1).map(|more| format!("{}: {more}", c.name)));
    }
    lines
}

/// The cameras as they are set, and what came of trying them, where they were tried.
pub fn cameras(cameras: &[Camera], tried: &BTreeMap<String, Option<CameraTried>>) -> Vec<String> {
    if cameras.is_empty() {
        return vec![plain::NO_CAMERA.into()];
    }
    let says = |name: &str| match tried.get(name) {
        Some(Some(tried)) => tried.says.clone(),
        Some(None) => "is being tried".into(),
        None => "not tried".into(),
    };
    let heads = ["CAMERA", "ADDRESS", "RECORD", "TRIED"];
    let columns = if tried.is_empty() { 3 } else { 4 };
    let row = |c: &Camera| {
        let mut row = vec![c.name.clone(), c.url.clone(), answers::record(c.record).into(), says(&c.name)];
        row.truncate(columns);
        row
    };
    table(&heads[..columns], &cameras.iter().map(row).collect::<Vec<_>>())
}

/// What came of trying cameras from here and, in a site that stands, what their recorders say; each failure with its cure.
pub fn tried(cameras: &[Camera], tried: &[CameraTried], inside: &BTreeMap<String, Result<CameraTried, CameraState>>) -> Vec<String> {
    let here = |name: &str| tried.iter().find(|t| t.name == name);
    let columns = if inside.is_empty() { 3 } else { 4 };
    let row = |c: &Camera| {
        let from_here = here(&c.name).map_or_else(|| "not tried".into(), |t| t.says.clone());
        let from_inside = match inside.get(&c.name) {
            Some(Ok(tried)) => tried.says.clone(),
            Some(Err(state)) => state::camera(*state).into(),
            None => "no recorder".into(),
        };
        let mut row = vec![c.name.clone(), c.url.clone(), from_here, from_inside];
        row.truncate(columns);
        row
    };
    let heads = ["CAMERA", "ADDRESS", "FROM HERE", "FROM INSIDE THE STACK"];
    let mut lines = table(&heads[..columns], &cameras.iter().map(row).collect::<Vec<_>>());
    let both = |c: &Camera| [here(&c.name), inside.get(&c.name).and_then(|t| t.as_ref().ok())];
    for t in cameras.iter().flat_map(both).flatten().filter(|t| !t.advice.is_empty()) {
        lines.push(format!("{}{}: {}.", t.name, whence(t.from), t.says.trim_end_matches('.')));
        lines.push(format!("  What to do: {}", t.advice));
    }
    lines
}

/// What the recordings need, and what there is.
pub fn sizing(sizing: &Sizing, given: &Answers) -> Vec<String> {
    let mut lines = vec![];
    if !given.cameras.is_empty() {
        lines.push(answers::sized(sizing, given));
    }
    if let (Some(free), Some(total)) = (sizing.free_bytes, sizing.total_bytes) {
        let fits = sizing.fits_days.map(|d| format!(" {} would fit.", count(d as usize, "day"))).unwrap_or_default();
        lines.push(format!("{} of {} are free.{fits}", bytes(free), bytes(total)));
    }
    lines.extend(sizing.notes.iter().cloned());
    lines
}

/// What the checks say of the chosen folder's disk.
pub fn concerns(all: &[Check]) -> Vec<String> {
    disks::concerns(all).into_iter().map(|c| format!("{}: {}", stage::status(c.status), stage::in_the_way(c))).collect()
}

/// The folder as a question's default, with what is known of its disk.
pub fn folder(answers: &Answers, host: &HostReport) -> String {
    let below = |path: &str| path == "/" || answers.path == path || answers.path.starts_with(&format!("{path}/"));
    let mounts = host.mounts.get().map(Vec::as_slice).unwrap_or_default();
    match mounts.iter().filter(|m| below(&m.path)).max_by_key(|m| m.path.len()) {
        Some(mount) => format!("{}, {}, {} free", answers.path, bytes(mount.total), bytes(mount.free)),
        None => answers.path.clone(),
    }
}
