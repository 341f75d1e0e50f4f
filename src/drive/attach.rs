//! A second kerbup on a site where a run is under way shows that run and can hold or stop it.
//!
//! The run writes its events, which hold no secrets, to `run/events.ndjson` in the state folder; the other one follows that file. What it
//! wants of the run it says by a file there. When the run has ended its events are moved to `run/last.ndjson`, so that one who was a
//! moment late still sees the end.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Drive;
use super::install::Finished;
use crate::model::event::{CameraCount, Event};
use crate::model::fault::{Fault, Whose};
use crate::model::journal::Ending;
use crate::run::{Control, Receipt};
use crate::step::{file_fault, files};
use crate::world::files::{Appender, Files};

/// Events are written at most so often: what a disk bears beside an install.
const BATCH: Duration = Duration::from_millis(100);
/// After so many batches the run looks for what another one wants of it: each second.
const LOOK: u32 = 10;
/// How often the file is looked at by one who follows it.
const FOLLOW: Duration = Duration::from_millis(200);

fn events(state: &str) -> String {
    format!("{state}/run/events.ndjson")
}

fn last(state: &str) -> String {
    format!("{state}/run/last.ndjson")
}

fn stop(state: &str) -> String {
    format!("{state}/run/stop")
}

fn hold(state: &str) -> String {
    format!("{state}/run/hold")
}

/// What one who follows is told; the rest belongs to the screen that asked for it.
fn of_the_run(event: &Event) -> bool {
    matches!(
        event,
        Event::RunStarted { .. }
            | Event::StepStarted { .. }
            | Event::StepProgress { .. }
            | Event::StepDone { .. }
            | Event::StepFailed { .. }
            | Event::StepReverted { .. }
            | Event::Log { .. }
            | Event::Recorded { .. }
            | Event::Note { .. }
            | Event::Failed { .. }
            | Event::Done { .. }
    )
}

/// Events that wait to be written. Of a step's progress only the newest is kept.
#[derive(Default)]
struct Batch(Vec<Event>);

impl Batch {
    fn add(&mut self, event: &Event) {
        if !of_the_run(event) {
            return;
        }
        if let Event::StepProgress { id: new, .. } = event {
            self.0.retain(|e| !matches!(e, Event::StepProgress { id, .. } if id == new));
        }
        self.0.push(event.clone());
    }

    fn write(&mut self, file: &mut Option<Box<dyn Appender>>) {
        let mut bytes = vec![];
        for event in self.0.drain(..) {
            if let Ok(line) = serde_json::to_vec(&event) {
                bytes.extend(line);
                bytes.push(b'\n');
            }
        }
        // A full disk must not end the run: nobody can attach from here on, and all else goes on.
        if !bytes.is_empty() && file.as_mut().is_some_and(|f| f.append(&bytes).is_err()) {
            *file = None;
        }
    }
}

/// A run whose events are written down.
pub struct Telling {
    /// The drive that the run must use.
    pub drive: Drive,
    end: oneshot::Sender<Option<Fault>>,
    work: JoinHandle<()>,
}

impl Telling {
    /// The run has ended: all is written and passed on before this returns.
    pub async fn end(self, fault: Option<Fault>) {
        let _ = self.end.send(fault);
        let _ = self.work.await;
    }
}

fn open(f: &dyn Files, state: &str) -> Option<Box<dyn Appender>> {
    files::make(f, &format!("{state}/run"), 0o700).ok()?;
    for old in [stop(state), hold(state)] {
        let _ = f.remove_file(&old);
    }
    f.write(&events(state), b"", 0o600).ok()?;
    f.append_unsynced(&events(state)).ok()
}

impl Drive {
    /// Begins to write down the events of a run, for one who attaches.
    pub fn tell(&self, state: &str) -> Telling {
        let (sender, inner) = unbounded_channel();
        let (end, ended) = oneshot::channel();
        let drive = Drive { events: sender, ..self.clone() };
        let file = open(&*self.world.files, state);
        let work = tokio::spawn(pass_on(self.clone(), state.to_string(), file, inner, ended));
        Telling { drive, end, work }
    }

    /// Does what another kerbup wants of this run.
    fn listen(&self, state: &str, held: &mut bool) {
        let f = &*self.world.files;
        if f.remove_file(&stop(state)).is_ok() {
            self.control(Control::Stop);
            return;
        }
        let wants = files::there(f, &hold(state));
        if wants != *held {
            *held = wants;
            self.control(if wants { Control::Pause } else { Control::Run });
        }
    }

    /// A run that can be shown is under way on the site of this state folder.
    pub fn under_way(&self, state: &str) -> bool {
        let f = &*self.world.files;
        files::there(f, &events(state)) && matches!(f.lock(&format!("{state}/lock")), Ok(None))
    }

    /// This drive shows another one's run.
    pub fn attached(&self) -> Option<String> {
        self.memory().attached.clone()
    }

    /// Holds the run that is shown or lets it go on, whoever runs it.
    pub fn want_hold(&self, want: bool) -> Result<(), Fault> {
        let Some(state) = self.attached() else {
            self.control(if want { Control::Pause } else { Control::Run });
            return Ok(());
        };
        let path = hold(&state);
        let f = &*self.world.files;
        if want { f.write(&path, b"", 0o600) } else { f.remove_file(&path) }.map_err(|e| file_fault(&e, &path))
    }

    /// Ends the run that is shown after the steps in hand, whoever runs it.
    pub fn want_stop(&self) -> Result<(), Fault> {
        let Some(state) = self.attached() else {
            self.control(Control::Stop);
            return Ok(());
        };
        let path = stop(&state);
        self.world.files.write(&path, b"", 0o600).map_err(|e| file_fault(&e, &path))
    }

    /// Shows the run that another kerbup has under way on this site, from its beginning to its end.
    pub async fn attach(&self, state: &str) -> Result<Finished, Fault> {
        self.memory().attached = Some(state.to_string());
        self.send(Event::Note { says: "Another kerbup is at work on this site. This shows what it does.".into() });
        let finished = self.follow(state).await;
        self.memory().attached = None;
        finished
    }

    async fn follow(&self, state: &str) -> Result<Finished, Fault> {
        let (mut at, mut rest, mut fault) = (0u64, vec![], None);
        loop {
            // Asked before the file is read, so that what was written last is still seen.
            let going = self.under_way(state);
            let new = self.more(state, at)?;
            at += new.len() as u64;
            rest.extend(new);
            while let Some(end) = rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let Ok(event) = serde_json::from_slice::<Event>(&line) else { continue };
                if let Event::StepFailed { fault: f, .. } | Event::Failed { fault: f } = &event {
                    fault.get_or_insert(f.clone());
                }
                let done = if let Event::Done { ok, changed, cameras, .. } = &event { Some((*ok, *changed, *cameras)) } else { None };
                self.send(event);
                if let Some((ok, changed, cameras)) = done {
                    return Ok(self.finished(state, ok, changed, cameras, fault));
                }
            }
            if !going {
                return Err(Fault::new(Whose::Ours, "RUN-BROKE-OFF", "The kerbup that was at work broke off.")
                    .cure("Run kerbup again: it goes on where that one stopped."));
            }
            self.world.clock.sleep(FOLLOW).await;
        }
    }

    fn finished(&self, state: &str, ok: bool, changed: bool, cameras: CameraCount, fault: Option<Fault>) -> Finished {
        // How it ended stands in the journal; it is written before the last event.
        let written = Receipt::read(&*self.world.files, state).ok().and_then(|r| r.ending);
        let ending = match written {
            Some(ending) if (ending == Ending::Done) == ok => ending,
            _ if ok => Ending::Done,
            _ => Ending::Failed,
        };
        Finished { ending, changed, cameras, fault }
    }

    /// What was written since, from the file of the run or, where it has just ended, from what it left.
    fn more(&self, state: &str, at: u64) -> Result<Vec<u8>, Fault> {
        let f = &*self.world.files;
        for path in [events(state), last(state)] {
            match f.meta(&path) {
                Ok(m) if m.size >= at => return f.read_from(&path, at).map_err(|e| file_fault(&e, &path)),
                // Shorter than what was read: the next run has begun, the end of this one lies beside it.
                _ => {}
            }
        }
        Ok(vec![])
    }
}

/// Passes events on as they come and writes them down in batches.
async fn pass_on(
    drive: Drive,
    state: String,
    mut file: Option<Box<dyn Appender>>,
    mut inner: UnboundedReceiver<Event>,
    mut ended: oneshot::Receiver<Option<Fault>>,
) {
    let mut batch = Batch::default();
    let mut tick = tokio::time::interval(BATCH);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut ticks, mut held) = (0u32, false);
    let fault = loop {
        tokio::select! {
            biased;
            _ = tick.tick() => {
                batch.write(&mut file);
                ticks += 1;
                if ticks.is_multiple_of(LOOK) {
                    drive.listen(&state, &mut held);
                }
            }
            Some(event) = inner.recv() => {
                batch.add(&event);
                drive.send(event);
            }
            fault = &mut ended => break fault.ok().flatten(),
        }
    };
    while let Ok(event) = inner.try_recv() {
        batch.add(&event);
        drive.send(event);
    }
    if let Some(fault) = fault {
        // Its own screen is told by whoever began the run.
        batch.add(&Event::Failed { fault });
        batch.add(&Event::Done { ok: false, changed: false, cameras: CameraCount::default(), addresses: vec![], says: vec![] });
    }
    batch.write(&mut file);
    drop(file);
    let _ = drive.world.files.rename(&events(&state), &last(&state));
}
