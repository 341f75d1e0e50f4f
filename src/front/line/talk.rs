//! The conversation: what is asked, what is waited for, what is said meanwhile.

use std::io::Write;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

use super::bars::Bars;
use super::input::{Asked, Input, Typed};
use super::record::Record;
use super::{Terminal, show};
use crate::ask::questions::question;
use crate::flow::{Effect, Flow, Input as FlowInput, Intent, Stage};
use crate::front::lease::{Leave, Request, Seat};
use crate::model::address::masked;
use crate::model::event::Event;
use crate::model::fault::Fault;
use crate::words::{faults, plain, questions};

/// Seconds within which a second Ctrl-C ends at once.
const TWICE: f64 = 2.0;

/// Answers of the drive that are still to come.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    pub checks: bool,
    pub plan: bool,
    pub revealed: bool,
    pub health: bool,
    pub cameras: usize,
    pub size: bool,
    pub loaded: bool,
}

/// Why a question got no answer.
pub(super) enum Stop {
    /// One step back.
    Back,
    /// The journey was left.
    Left(Leave),
    /// A fault ends it.
    Fault(Box<Fault>),
}

/// The conversation's state.
pub(super) struct Talk<'a> {
    pub flow: Flow,
    pub awaited: Awaited,
    events: UnboundedReceiver<Event>,
    perform: &'a mut dyn FnMut(Effect),
    pub terminal: &'a Terminal,
    /// Away while it is being read.
    input: Option<&'a mut dyn Input>,
    draws: bool,
    signals: Option<Signal>,
    out: &'a mut dyn Write,
    record: Record,
    bars: Option<Bars>,
    seat: Seat,
    /// Another program has the terminal.
    pub lent: bool,
    left: Option<Leave>,
    told: (Option<String>, Option<Fault>),
    /// Lines that wait until a question is answered.
    held: Option<Vec<String>>,
    interrupted: f64,
    /// The machine's facts as they were said last.
    pub machine: Vec<String>,
}

impl<'a> Talk<'a> {
    pub fn new(
        flow: Flow,
        seat: Seat,
        events: UnboundedReceiver<Event>,
        perform: &'a mut dyn FnMut(Effect),
        terminal: &'a Terminal,
        input: &'a mut dyn Input,
        out: &'a mut dyn Write,
    ) -> Self {
        let mut record = Record::new(terminal.zone.clone(), (terminal.now)());
        let bars = Bars::on(terminal);
        record.bars = bars.is_some();
        Talk {
            flow,
            awaited: Awaited::default(),
            events,
            perform,
            terminal,
            draws: input.draws(),
            input: Some(input),
            // Where the handler cannot be set up, Ctrl-C ends the program by itself.
            signals: signal(SignalKind::interrupt()).ok(),
            out,
            record,
            bars,
            seat,
            lent: false,
            left: None,
            told: (None, None),
            held: None,
            interrupted: f64::NEG_INFINITY,
            machine: vec![],
        }
    }

    /// From where the flow stands to its end.
    pub(super) async fn stages(&mut self) -> Result<Leave, Fault> {
        let first = self.flow.start();
        self.act(first);
        loop {
            let at = self.flow.stage.unwrap_or(Stage::Welcome);
            let went = self.stage(at).await;
            match went {
                Ok(()) => {}
                Err(Stop::Back) => self.want(Intent::Back),
                Err(Stop::Left(leave)) => return Ok(leave),
                // The input's end after all is done is a way to leave.
                Err(Stop::Fault(_)) if at >= Stage::Done => {
                    self.want(Intent::Quit);
                    return Ok(self.left.unwrap_or(Leave::Quit(0)));
                }
                Err(Stop::Fault(fault)) => return Err(*fault),
            }
            if let Some(leave) = self.left {
                return Ok(leave);
            }
        }
    }

    /// Prints lines, or holds them while a question stands.
    pub fn say<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, lines: I) {
        let lines: Vec<String> = lines.into_iter().map(Into::into).collect();
        if let Some(held) = &mut self.held {
            return held.extend(lines);
        }
        let out = &mut *self.out;
        // A screen that went away does not end a run.
        let mut write = || {
            lines.iter().for_each(|line| drop(writeln!(out, "{line}")));
            drop(out.flush());
        };
        match &self.bars {
            Some(bars) => bars.above(write),
            None => write(),
        }
    }

    /// The journey is over.
    pub fn is_left(&self) -> bool {
        self.left.is_some()
    }

    /// Tells the flow what the person wants, and does what follows.
    pub fn want(&mut self, intent: Intent) {
        self.told = (None, None);
        let effects = self.flow.handle(FlowInput::Intent(intent));
        self.act(effects);
        self.tell();
    }

    fn act(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match &effect {
                Effect::Probe | Effect::Check(_) | Effect::Fix(_) => self.awaited.checks = true,
                Effect::Plan(_) => self.awaited.plan = true,
                Effect::Reveal(_) => self.awaited.revealed = true,
                Effect::TryCamera(_) | Effect::AddCamera(..) => self.awaited.cameras += 1,
                Effect::Size(_) => self.awaited.size = true,
                Effect::Load(_) | Effect::Another | Effect::TakeUp => self.awaited.loaded = true,
                Effect::Practise => self.lent = true,
                Effect::Quit(code) => self.left = Some(Leave::Quit(*code)),
                _ => {}
            }
            (self.perform)(effect);
            // Root may be asked for at once: nothing is to be said after that.
            while let Ok(asked) = self.seat.asked.try_recv() {
                self.asked(asked);
            }
        }
    }

    /// Does what is asked of the one who holds the terminal. While no question stands nobody reads, so it is free at once.
    fn asked(&mut self, request: Request) {
        let done = match request {
            Request::Release(done) => done,
            Request::Retake(done) => {
                self.lent = false;
                // A Ctrl-C that ended the other program was not meant for this one.
                self.signals = signal(SignalKind::interrupt()).ok();
                done
            }
            Request::Elevate => return self.left = Some(Leave::Elevate),
        };
        let _ = done.send(());
    }

    /// Takes what happened, and says it where it belongs to what is going on.
    fn see(&mut self, event: Event) {
        match &event {
            Event::Checks { .. } => self.awaited.checks = false,
            Event::Planned { .. } => self.awaited.plan = false,
            Event::Revealed { .. } => self.awaited.revealed = false,
            Event::Health { .. } => self.awaited.health = false,
            Event::Sizing(_) => self.awaited.size = false,
            Event::Loaded { .. } => self.awaited.loaded = false,
            Event::CameraTried { .. } | Event::CameraSet { .. } => self.awaited.cameras = self.awaited.cameras.saturating_sub(1),
            Event::Failed { .. } => self.awaited = Awaited::default(),
            _ => {}
        }
        if let Some(bars) = &mut self.bars {
            bars.event(&event);
        }
        let shown = match &event {
            // These are told from the flow, once.
            Event::Note { .. } | Event::Failed { .. } => false,
            Event::Planned { .. } | Event::CameraTried { .. } => true,
            _ => self.flow.running || self.flow.stage == Some(Stage::Install),
        };
        if shown {
            let lines = self.record.event(&event, (self.terminal.now)());
            self.say(lines);
        }
        let effects = self.flow.handle(FlowInput::Event(event));
        self.act(effects);
        self.tell();
    }

    /// Says the flow's note and fault, each once.
    fn tell(&mut self) {
        let now = (self.flow.note.clone(), self.flow.fault.clone());
        if now.0 != self.told.0 {
            self.say(now.0.clone());
        }
        if now.1 != self.told.1 {
            let lines = now.1.as_ref().map(show::fault).unwrap_or_default();
            self.say(lines);
        }
        self.told = now;
    }

    /// Takes events until it is so. A word is said every ten seconds while a run says nothing.
    pub async fn wait(&mut self, until: impl Fn(&Talk<'a>) -> bool) -> Result<(), Stop> {
        while !until(self) {
            tokio::select! {
                biased;
                () = ctrl_c(&mut self.signals), if !self.lent => self.interrupt()?,
                Some(asked) = self.seat.asked.recv() => self.asked(asked),
                event = self.events.recv(), if !self.lent => match event {
                    Some(event) => self.see(event),
                    None => return Err(Stop::Fault(Box::new(faults::run_lost()))),
                },
                () = second() => {
                    let line = self.record.tick((self.terminal.now)());
                    self.say(line);
                }
            }
            if let Some(leave) = self.left {
                return Err(Stop::Left(leave));
            }
        }
        Ok(())
    }

    /// As `wait`, but only so many seconds.
    pub async fn wait_at_most(&mut self, seconds: f64, until: impl Fn(&Talk<'a>) -> bool) -> Result<(), Stop> {
        let end = (self.terminal.now)() + seconds;
        self.wait(|t| until(t) || (t.terminal.now)() >= end).await
    }

    /// Ctrl-C: the first one ends a run after the step in hand, the second within two seconds at once.
    fn interrupt(&mut self) -> Result<(), Stop> {
        let now = (self.terminal.now)();
        if self.flow.running && now - self.interrupted > TWICE {
            self.interrupted = now;
            self.say([plain::STOPPING]);
            self.want(Intent::Stop);
            return Ok(());
        }
        self.say([plain::NOTHING_LOST]);
        Err(Stop::Left(Leave::Interrupted))
    }

    /// Asks one thing. An empty line takes the default; `shown` says it to people.
    pub async fn ask(&mut self, id: &str, prompt: &str, default: &str, shown: &str, hidden: bool) -> Result<String, Stop> {
        let bracket = if shown.is_empty() { String::new() } else { format!(" [{shown}]") };
        if !self.draws {
            // The line ends in a colon either way: a screen reader then waits for keys.
            let prompt = if bracket.is_empty() { prompt.trim_end_matches('?') } else { prompt };
            let _ = write!(self.out, "{prompt}{bracket}: ");
            let _ = self.out.flush();
        }
        self.held = Some(vec![]);
        let asked = Asked { prompt: prompt.into(), default: default.into(), hidden };
        let typed = self.answer(asked).await;
        let held = self.held.take().unwrap_or_default();
        if !self.draws {
            // A terminal echoes what is typed, and a password's line end is not echoed either; a pipe echoes nothing, and what
            // it brought may end in a log: no login in an address is among it.
            let secret = |line: &str| hidden || line.contains("://") && (line.contains('@') || masked(line) != line);
            let echo = match &typed {
                Typed::Line(line) if !self.terminal.stdin_tty => Some(if secret(line) { "" } else { line.as_str() }),
                Typed::Line(_) if !hidden => None,
                _ => Some(""),
            };
            if let Some(echo) = echo {
                let _ = writeln!(self.out, "{echo}");
            }
        }
        self.say(held);
        match typed {
            Typed::Line(line) if line.trim().is_empty() => Ok(default.to_string()),
            Typed::Line(line) => Ok(if hidden { line } else { line.trim().to_string() }),
            Typed::Back => Err(Stop::Back),
            Typed::Interrupted => Err(Stop::Left(Leave::Interrupted)),
            Typed::End => Err(Stop::Fault(Box::new(faults::no_answer(id, prompt)))),
        }
    }

    /// Waits for the answer; what happens meanwhile is taken in and said afterwards.
    async fn answer(&mut self, asked: Asked) -> Typed {
        let Some(input) = self.input.take() else { return Typed::End };
        let mut typing = input.ask(asked);
        let typed = loop {
            tokio::select! {
                biased;
                () = ctrl_c(&mut self.signals) => break Typed::Interrupted,
                Some(event) = self.events.recv() => self.see(event),
                typed = &mut typing => break typed,
            }
        };
        drop(typing);
        self.input = Some(input);
        typed
    }

    /// Asks a question of the list, with its own wording, until the answer is one that can be taken.
    pub async fn question(&mut self, id: &str, default: &str, shown: &str) -> Result<String, Stop> {
        let prompt = questions::prompt(id).to_string();
        loop {
            let typed = self.ask(id, &prompt, default, shown, false).await?;
            // Nothing typed is the default, or that it is left out.
            let valid = question(id).filter(|_| !typed.is_empty()).map_or(Ok(()), |q| (q.validate)(&typed));
            match valid {
                Ok(()) => return Ok(typed),
                Err(why) => self.say([why]),
            }
        }
    }

    /// Numbered choices. Without a default a number must be written.
    pub async fn choose(&mut self, id: &str, title: &str, options: &[String], default: Option<usize>) -> Result<usize, Stop> {
        if !title.is_empty() {
            self.say([title]);
        }
        let width = options.len().to_string().len();
        self.say(options.iter().enumerate().map(|(at, o)| format!("  {:>width$}  {o}", at + 1)));
        let shown = default.map(|d| (d + 1).to_string()).unwrap_or_default();
        loop {
            let prompt = if title.is_empty() { plain::WHAT_NEXT } else { title };
            let line = match self.ask(id, plain::CHOOSE, &shown, &shown, false).await {
                // The fault names what was asked, not "Choose".
                Err(Stop::Fault(_)) => return Err(Stop::Fault(Box::new(faults::no_answer(id, prompt)))),
                other => other?,
            };
            let number = line.trim_end_matches('.').parse::<usize>().ok();
            if let Some(at) = number.and_then(|n| n.checked_sub(1)).filter(|at| *at < options.len()) {
                return Ok(at);
            }
            let word = line.to_lowercase();
            let named: Vec<usize> =
                (0..options.len()).filter(|at| !word.is_empty() && options[*at].to_lowercase().starts_with(&word)).collect();
            match named.as_slice() {
                [one] => return Ok(*one),
                _ => self.say([plain::CHOOSE_NUMBER]),
            }
        }
    }

    /// Yes or no, with no as the safe answer.
    pub async fn sure(&mut self, id: &str, what: &str) -> Result<bool, Stop> {
        let title = format!("{what}. {}", plain::SURE);
        Ok(self.choose(id, &title, &[plain::NO.into(), plain::YES.into()], Some(0)).await? == 1)
    }
}

async fn ctrl_c(signals: &mut Option<Signal>) {
    match signals {
        Some(signals) => drop(signals.recv().await),
        None => std::future::pending::<()>().await,
    }
}

/// A second passes. Only words wait for it, no rule does.
async fn second() {
    let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
}
