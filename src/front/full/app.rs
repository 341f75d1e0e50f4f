//! The whole screen as a value: keys and events in, effects and a picture out. No terminal, no clock: tests and pictures use it
//! as the running program does.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Leave;
use super::keys::{Hint, Key};
use super::part::ask::{Ask, Then};
use super::part::frame::frame;
use super::part::page::Page;
use super::screen::help::Help;
use super::screen::{Reply, Screen, Stages};
use super::theme::{Look, Room, Theme, to_ascii};
use crate::flow::{Effect, Flow, Input, Intent, Stage};
use crate::model::event::Event;
use crate::words::{help as words, welcome};

/// Seconds within which a second Ctrl-C stops at once.
pub const SECOND_CTRL_C: f64 = 2.0;

/// What a key came to, for the one who holds the terminal.
#[derive(Debug, Default)]
pub struct Act {
    /// The key meant something.
    pub handled: bool,
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// For the terminal's clipboard.
    pub copy: Option<String>,
    /// The full screen is left.
    pub leave: Option<Leave>,
    /// Everything is to be drawn again.
    pub repaint: bool,
    /// The shell is wanted.
    pub suspend: bool,
}

/// The whole screen.
#[derive(Debug)]
pub struct App {
    /// The journey.
    pub flow: Flow,
    look: Look,
    stages: Stages,
    layers: Vec<Box<dyn Screen>>,
    said: Option<String>,
    ctrl_c: Option<f64>,
    health_at: f64,
    zone: TimeZone,
}

impl App {
    /// A screen over a journey. `zone` is the one in which times are shown.
    pub fn new(flow: Flow, look: Look, zone: TimeZone) -> Self {
        App { flow, look, stages: Stages::default(), layers: vec![], said: None, ctrl_c: None, health_at: 0.0, zone }
    }

    /// Something happened, at this instant in seconds since 1970.
    pub fn event(&mut self, event: Event, now: f64) -> Vec<Effect> {
        if matches!(event, Event::Health { .. }) {
            self.health_at = now;
        }
        let before = self.flow.stage;
        if let Some(open) = self.layers.iter().rposition(|l| !l.over())
            && self.layers.get_mut(open).is_some_and(|l| l.seen(&event))
        {
            self.layers.truncate(open);
        }
        let effects = self.flow.handle(Input::Event(event));
        self.moved(before);
        effects
    }

    /// What lay over a stage goes with it, and what was chosen there.
    fn moved(&mut self, before: Option<Stage>) {
        if self.flow.stage != before {
            self.layers.clear();
            self.stages.enter(self.flow.here());
        }
    }

    /// Something moves by itself: it is drawn again a few times a second.
    pub fn moving(&self) -> bool {
        self.flow.busy() || (self.flow.here() == Stage::Dashboard && self.flow.health.is_none())
    }

    /// Ages of readings are shown, and grow.
    pub fn ageing(&self) -> bool {
        self.flow.here() == Stage::Dashboard
    }

    /// Letters go into a field now.
    pub fn typing(&self) -> bool {
        self.top().typing()
    }

    fn top(&self) -> &dyn Screen {
        self.layers.last().map_or_else(|| self.stages.here(&self.flow), |l| l.as_ref())
    }

    /// What the keys do now: footer and help are made of it.
    pub fn hints(&self) -> Vec<Hint> {
        let mut hints = self.top().hints(&self.flow);
        // The way on, or out, is no less important than what else can be done here: a footer that is full still has it.
        let early = hints.len().min(2);
        if !self.layers.is_empty() {
            if !hints.iter().any(|h| h.keys.contains(&Key::Esc)) {
                hints.insert(early, Hint::key(Key::Esc, "close"));
            }
        } else {
            let enter = hints.iter().any(|h| h.keys.contains(&Key::Enter) && h.label == "go on");
            if self.goes_on() && !enter && !hints.iter().any(|h| h.keys.contains(&Key::Esc)) {
                hints.insert(early, Hint::key(Key::Right, "go on"));
            }
            if self.goes_back() && !hints.iter().any(|h| h.keys.contains(&Key::Esc)) {
                hints.push(Hint::key(Key::Esc, "back"));
            }
        }
        // Where something is typed, a question mark is a letter.
        hints.push(Hint::key(if self.typing() { Key::F(1) } else { Key::Char('?') }, "help"));
        hints.push(Hint::key(Key::Ctrl('c'), "leave"));
        hints
    }

    fn goes_on(&self) -> bool {
        matches!(self.flow.here(), Stage::Machine | Stage::Where | Stage::Cameras | Stage::Storage)
    }

    fn goes_back(&self) -> bool {
        let flow = &self.flow;
        match flow.here() {
            Stage::Welcome | Stage::Done => false,
            Stage::Dashboard => flow.came.is_some(),
            Stage::Install => !flow.running,
            _ => true,
        }
    }

    /// A key was pressed, at this instant in seconds since 1970.
    pub fn key(&mut self, key: Key, now: f64) -> Act {
        if key == Key::Ctrl('c') {
            return self.interrupt(now);
        }
        self.ctrl_c = None;
        self.said = None;
        let reply = match self.layers.last_mut() {
            Some(layer) => layer.on(key, &self.flow),
            None => self.stages.here_mut(&self.flow).on(key, &self.flow),
        };
        match reply {
            Reply::Ignored => self.everywhere(key),
            reply => self.take(reply),
        }
    }

    /// A text was pasted: it goes where something is typed, and nowhere else, since each letter would be a command.
    pub fn paste(&mut self, text: &str, now: f64) -> Vec<Effect> {
        if !self.typing() {
            self.said = Some(words::PASTE_WHERE.into());
            return vec![];
        }
        let letters: Vec<char> = text.trim().chars().filter(|c| !c.is_control()).collect();
        letters.into_iter().flat_map(|c| self.key(Key::Char(c), now).effects).collect()
    }

    fn take(&mut self, reply: Reply) -> Act {
        let mut act = Act { handled: true, ..Act::default() };
        match reply {
            Reply::Ignored => act.handled = false,
            Reply::Taken => {}
            Reply::Want(intents) => act.effects = self.want(intents),
            Reply::Open(layer, intents) => {
                act.effects = self.want(intents);
                self.layers.push(layer);
            }
            Reply::Close(intents) => {
                self.layers.pop();
                act.effects = self.want(intents);
            }
            Reply::Copy(text) => {
                self.said = Some(format!("Sent to your terminal's clipboard: {text}"));
                act.copy = Some(text);
            }
            Reply::Say(says) => self.said = Some(says),
            Reply::Leave(leave) => act.leave = Some(leave),
        }
        act
    }

    fn want(&mut self, intents: Vec<Intent>) -> Vec<Effect> {
        let mut effects = vec![];
        for intent in intents {
            let before = self.flow.stage;
            effects.extend(self.flow.handle(Input::Intent(intent)));
            self.moved(before);
        }
        effects
    }

    /// Keys that mean the same on every screen, unless the screen took them.
    fn everywhere(&mut self, key: Key) -> Act {
        let layered = !self.layers.is_empty();
        match key {
            Key::Ctrl('l') => Act { handled: true, repaint: true, ..Act::default() },
            Key::Ctrl('z') => Act { handled: true, suspend: true, ..Act::default() },
            Key::Char('?') | Key::F(1) => {
                let help = Help::of(self.hints());
                self.take(Reply::Open(Box::new(help), vec![]))
            }
            Key::Esc if layered => self.take(Reply::Close(vec![])),
            Key::Esc | Key::Left | Key::Char('h') if !layered && self.goes_back() => self.take(Reply::Want(vec![Intent::Back])),
            // Escape never leaves; where there is nowhere to go back to it says so.
            Key::Esc if !layered => self.take(Reply::Say(
                match self.flow.here() {
                    Stage::Done => words::LAST_SCREEN,
                    Stage::Install => words::RUN_HAS_NO_BACK,
                    Stage::Dashboard => words::NO_WAY_BACK,
                    _ => words::FIRST_SCREEN,
                }
                .into(),
            )),
            Key::Right | Key::Char('l') if !layered && self.goes_on() => self.take(Reply::Want(vec![Intent::Next])),
            Key::Char('q') if !layered => {
                let ask = self.leave_ask();
                self.take(ask.open())
            }
            _ => Act::default(),
        }
    }

    fn leave_ask(&self) -> Ask {
        if self.flow.running {
            Ask::new("Stop the run?", words::RUN_GOES_ON, "Let it run")
                .or("Stop after the step in hand", Then::Want(vec![Intent::Stop]))
                .or("Close this window, let it go on", Then::Want(vec![Intent::Quit]))
        } else {
            let says = match self.flow.here() {
                Stage::Dashboard | Stage::Done if self.flow.recording() > 0 => words::RECORDS_ON,
                Stage::Dashboard | Stage::Done => words::RUNS_ON,
                Stage::Install => words::DONE_STAYS,
                _ => match self.flow.typed_is_kept() {
                    None => words::NOTHING_CHANGED,
                    Some(true) => words::TYPED_IS_KEPT,
                    Some(false) => words::TYPED_IS_LOST,
                },
            };
            Ask::new("Leave kerbup?", says, "Stay").or("Leave", Then::Want(vec![Intent::Quit]))
        }
    }

    /// The first Ctrl-C asks, a second one soon after stops at once.
    fn interrupt(&mut self, now: f64) -> Act {
        // In a practice time may pass faster than a person presses keys.
        let soon = SECOND_CTRL_C * self.flow.played.speed.max(1.0);
        if self.ctrl_c.is_some_and(|at| now - at <= soon) {
            return Act { handled: true, leave: Some(Leave::Interrupted), ..Act::default() };
        }
        self.ctrl_c = Some(now);
        self.said = Some(words::ONCE_MORE.into());
        if self.layers.last().is_some_and(|l| l.over()) {
            return Act { handled: true, ..Act::default() };
        }
        let ask = self.leave_ask();
        self.take(ask.open())
    }

    /// The lines that stay in the terminal when the full screen is left like this. No password is among them.
    pub fn last_words(&self, leave: Leave) -> Vec<String> {
        match (self.flow.came(), leave) {
            (_, Leave::Elevate) => vec![],
            // What was played is not there.
            _ if self.flow.practice => vec![welcome::PRACTISED.into()],
            (Some(came), _) => came.lines(),
            (None, Leave::Quit(_)) if self.flow.running => vec![words::WINDOW_CLOSED.into()],
            (None, Leave::Interrupted) if self.flow.running => vec![words::CUT_SHORT.into()],
            (None, _) => self.flow.kept_words().map(String::from).into_iter().collect(),
        }
    }

    /// Draws everything, at this instant in seconds since 1970.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, now: f64) {
        let area = area.intersection(buf.area);
        let room = Room::of(area.width, area.height);
        let theme = Theme { look: self.look, room, now, health_at: self.health_at, zone: self.zone.clone() };
        if room == Room::Tiny {
            Page::new(buf, area).para(words::TOO_SMALL, Style::new(), 0, area.height.into());
        } else {
            let body = frame(&self.flow, self.said.as_deref(), &self.hints(), &theme, area, buf);
            // What lies under a question is seen; under anything else it is not drawn at all.
            let from = self.layers.iter().rposition(|l| !l.over());
            if from.is_none() {
                self.stages.here(&self.flow).draw(&self.flow, &theme, body, buf);
            }
            for layer in self.layers.iter().skip(from.unwrap_or(0)) {
                layer.draw(&self.flow, &theme, body, buf);
            }
        }
        if self.look.ascii {
            to_ascii(buf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::state::{Ended, Played};
    use crate::front::full::theme::Colour;

    fn app(flow: Flow) -> App {
        App::new(flow, Look { colour: Colour::Mono, ascii: false }, TimeZone::UTC)
    }

    #[test]
    fn a_practice_leaves_nothing_in_the_terminal_that_reads_as_real() {
        let ended = Some(Ended { ok: true, says: vec!["Installed.".into()], ..Ended::default() });
        let real = app(Flow { ended, ..Flow::default().at(Stage::Done) });
        assert!(real.last_words(Leave::Quit(0)).join(" ").contains("Installed."));
        let three_times = Played { speed: 3.0, ..Played::default() };
        let mut played = app(Flow { practice: true, ..real.flow }.playing(three_times));
        let leave = [10.0, 17.0, 22.0].map(|now| played.key(Key::Ctrl('c'), now).leave);
        assert!(leave == [None, None, Some(Leave::Interrupted)], "six of its seconds are two of a person's: {leave:?}");
        assert_eq!(played.last_words(Leave::Quit(0)), [welcome::PRACTISED]);
        assert_eq!(played.last_words(Leave::Interrupted), [welcome::PRACTISED]);
    }

    #[test]
    fn escape_says_why_there_is_no_way_back() {
        for (stage, says) in [(Stage::Welcome, "first screen"), (Stage::Done, "over"), (Stage::Dashboard, "q leaves")] {
            let mut app = app(Flow::default().at(stage));
            let act = app.key(Key::Esc, 0.0);
            assert!(act.handled && act.leave.is_none() && app.said.as_deref().is_some_and(|s| s.contains(says)), "{:?}", app.said);
        }
    }

    #[test]
    fn a_new_camera_is_the_one_that_is_looked_at() {
        let camera = |name: &str| crate::model::answers::Camera {
            name: name.into(),
            url: "rtsp://192.0.2.9/s".into(),
            sub_url: None,
            user: None,
            record: crate::model::answers::Record::Motion,
        };
        let mut app = app(Flow::default().at(Stage::Cameras));
        app.flow.answers.cameras = vec![camera("door")];
        app.key(Key::Char('a'), 0.0);
        assert!(app.typing());
        app.event(Event::CameraSet { index: None, camera: camera("yard"), advice: String::new() }, 0.0);
        app.key(Key::Esc, 0.0);
        let area = Rect::new(0, 0, 80, 24);
        let mut buf = Buffer::empty(area);
        app.draw(area, &mut buf, 0.0);
        let row = |y: u16| (0..80).map(|x| buf[(x, y)].symbol()).collect::<String>();
        assert!((0..24).any(|y| row(y).contains("› yard")), "{}", (0..24).map(row).collect::<Vec<_>>().join("\n"));
    }
}
