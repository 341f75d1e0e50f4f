//! Bars of what runs, on a terminal that may redraw; never for screen readers, pipes and files.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Terminal;
use crate::model::event::{Event, Unit};

/// Bars below the lines, one a running step.
pub struct Bars {
    all: MultiProgress,
    running: BTreeMap<String, ProgressBar>,
}

impl Bars {
    /// Bars on standard error, where they may be.
    pub fn on(terminal: &Terminal) -> Option<Self> {
        let may = terminal.stderr_tty && !terminal.accessible;
        may.then(|| Bars { all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)), running: BTreeMap::new() })
    }

    /// Follows what happens.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::StepStarted { id, title, .. } => {
                let bar = self.all.add(ProgressBar::no_length().with_style(style(None)).with_message(title.clone()));
                bar.enable_steady_tick(Duration::from_millis(200));
                self.running.insert(id.clone(), bar);
            }
            Event::StepProgress { id, done, total, unit, note } => {
                if let Some(bar) = self.running.get(id) {
                    if let Some(total) = total.filter(|t| *t > 0) {
                        bar.set_style(style(Some(*unit)));
                        bar.set_length(total);
                    }
                    bar.set_position(*done);
                    bar.set_prefix(note.clone());
                }
            }
            Event::StepDone { id, .. } | Event::StepFailed { id, .. } | Event::StepReverted { id, .. } => {
                if let Some(bar) = self.running.remove(id) {
                    bar.finish_and_clear();
                }
            }
            Event::Done { .. } => {
                for bar in std::mem::take(&mut self.running).into_values() {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }

    /// Lines are written above the bars.
    pub fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.all.suspend(write)
    }
}

/// Letters of ASCII and no colour: the same on every terminal.
fn style(unit: Option<Unit>) -> ProgressStyle {
    let template = match unit {
        None => "{spinner} {msg}  {elapsed}  {prefix}",
        Some(Unit::Bytes) => "{spinner} {msg}  [{bar:30}]  {decimal_bytes} of {decimal_total_bytes}  {prefix}",
        Some(Unit::Seconds) => "{spinner} {msg}  [{bar:30}]  {pos} of {len} s  {prefix}",
    };
    let plain = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    plain.progress_chars("=> ").tick_chars("|/-\\ ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn terminal(stderr_tty: bool, accessible: bool) -> Terminal {
        let zone = jiff::tz::TimeZone::UTC;
        Terminal { stdin_tty: true, stderr_tty, accessible, colour: false, zone, now: Arc::new(|| 0.0) }
    }

    #[test]
    fn never_in_a_pipe_or_for_a_screen_reader() {
        assert!(Bars::on(&terminal(false, false)).is_none());
        assert!(Bars::on(&terminal(true, true)).is_none());
    }

    #[test]
    fn a_bar_lives_as_long_as_its_step() {
        let mut bars = Bars { all: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()), running: BTreeMap::new() };
        bars.event(&Event::StepStarted { id: "a".into(), title: "Fetch".into(), at: 0.0 });
        let progress = |unit| Event::StepProgress { id: "a".into(), done: 5, total: Some(10), unit, note: "layers".into() };
        bars.event(&progress(Unit::Bytes));
        bars.event(&progress(Unit::Seconds));
        assert_eq!(bars.running.get("a").map(|b| (b.position(), b.length())), Some((5, Some(10))));
        bars.event(&Event::StepDone { id: "a".into(), title: "Fetch".into(), seconds: 1.0, changed: true });
        assert!(bars.running.is_empty());
        for unit in [Unit::Bytes, Unit::Seconds] {
            assert_eq!(bars.above(|| unit), unit);
        }
    }
}
