//! Line by line: for pipes, bad lines and screen readers. Numbered choices read as a line, one line an event, nothing redrawn.

mod after;
mod bars;
mod cameras;
pub mod input;
pub mod record;
pub mod show;
mod stages;
mod storage;
pub mod table;
mod talk;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::flow::{Effect, Flow};
pub use crate::front::lease::Leave;
use crate::front::lease::Seat;
use crate::model::event::Event;
use crate::model::fault::Fault;
use crate::words::{faults, welcome};
use bars::Bars;
use input::{Input, Stdin};
use record::Record;

/// What plain mode needs to know of the terminal and the time.
#[derive(Clone)]
pub struct Terminal {
    /// Standard input is a terminal.
    pub stdin_tty: bool,
    /// Standard error is a terminal.
    pub stderr_tty: bool,
    /// ACCESSIBLE is set: no prompts that redraw, no bars.
    pub accessible: bool,
    /// Colour may be used.
    pub colour: bool,
    /// In which times of the day are shown.
    pub zone: TimeZone,
    /// Seconds since 1970: `Clock::now`.
    pub now: Arc<dyn Fn() -> f64 + Send + Sync>,
}

/// The whole journey in lines, on standard input and standard error. `perform` is told every effect, also the last one, `Quit`;
/// `seat` is the other end of the lease by which the terminal is lent to a child process.
pub async fn run(
    flow: Flow,
    seat: Seat,
    events: UnboundedReceiver<Event>,
    perform: &mut dyn FnMut(Effect),
    terminal: Terminal,
) -> Result<Leave, Fault> {
    let mut input = Stdin::start(&terminal);
    converse(flow, seat, events, perform, &terminal, &mut input, &mut std::io::stderr()).await
}

/// The same with any source of answers and any place to write to.
pub async fn converse(
    flow: Flow,
    seat: Seat,
    events: UnboundedReceiver<Event>,
    perform: &mut dyn FnMut(Effect),
    terminal: &Terminal,
    input: &mut dyn Input,
    out: &mut dyn Write,
) -> Result<Leave, Fault> {
    let practice = flow.practice;
    let left = talk::Talk::new(flow, seat, events, perform, terminal, input, out).journey().await;
    if practice {
        // A terminal that is gone does not matter.
        let _ = writeln!(out, "{}", welcome::PRACTISED);
    }
    left
}

/// Prints a run's events as lines until its end, and tells whether all was well. It asks nothing. A reader that went away does
/// not end the run.
pub async fn unattended(mut events: UnboundedReceiver<Event>, out: &mut (dyn Write + Send), terminal: &Terminal) -> Result<bool, Fault> {
    let mut record = Record::new(terminal.zone.clone(), (terminal.now)());
    let mut bars = Bars::on(terminal);
    record.bars = bars.is_some();
    let mut open = true;
    let mut say = |bars: &Option<Bars>, lines: Vec<String>| {
        let mut write = || {
            for line in &lines {
                open = open && writeln!(out, "{line}").is_ok();
            }
            open = open && out.flush().is_ok();
        };
        match bars {
            Some(bars) => bars.above(write),
            None => write(),
        }
    };
    loop {
        match tokio::time::timeout(Duration::from_secs(1), events.recv()).await {
            Ok(Some(event)) => {
                if let Some(bars) = &mut bars {
                    bars.event(&event);
                }
                say(&bars, record.event(&event, (terminal.now)()));
                if let Event::Done { ok, .. } = event {
                    return Ok(ok);
                }
            }
            Ok(None) => return Err(faults::run_lost()),
            Err(_) => say(&bars, record.tick((terminal.now)()).into_iter().collect()),
        }
    }
}
