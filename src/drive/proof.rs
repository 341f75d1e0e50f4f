//! Proof: addresses that were tried, cameras that were seen to record. Nothing is claimed that was not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use url::Url;

use super::install::Finished;
use super::{Drive, inside};
use crate::model::answers::{Answers, Expose, Shape};
use crate::model::camera::CameraTried;
use crate::model::event::{Address, CameraCount, Event, PROOF, Unit};
use crate::model::fault::{Fault, Whose};
use crate::model::health::{CameraHealth, CameraState, ComponentState, HealthSnapshot};
use crate::model::journal::Ending;
use crate::model::plan::Plan;
use crate::run::Control;
use crate::step::{self, container};
use crate::words::done;
use crate::world::network::Request;

/// What was seen after a run.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// Addresses that answered.
    pub addresses: Vec<Address>,
    /// Cameras.
    pub cameras: CameraCount,
    /// Cameras that were not seen to record, each with what to know about it.
    pub unproven: Vec<String>,
    /// Where recordings lie that no page shows.
    pub stored: Option<String>,
    /// The recordings page waits to be set up.
    pub unset: bool,
    /// A person ended the waiting.
    pub stopped: bool,
    /// What was waited for and did not come.
    pub fault: Option<Fault>,
}

/// How long a run waits for the cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Not at all: what was done has nothing to do with them.
    No,
    /// As long as a recorder takes to start. Who is late is told; nothing has failed.
    AsUsual,
    /// At most so long. The run has failed when a camera that answers has not recorded by then.
    UntilRecorded(Duration),
}

impl Wait {
    /// What a person gave as the longest time, where one was given.
    pub fn given(limit: Option<Duration>) -> Self {
        limit.map_or(Wait::AsUsual, Wait::UntilRecorded)
    }
}

/// After so many seconds without a file, a camera that was asked to record is told as one that watches.
const ASKED: f64 = 20.0;

/// A camera that waits for movement, and was asked to record without.
struct Asked {
    /// When, by the clock's ticks.
    at: f64,
    /// Why its recorder did not take that.
    refused: Option<String>,
}

impl Asked {
    /// Nothing more is to be expected of it.
    fn over(&self, now: f64) -> bool {
        self.refused.is_some() || now - self.at > ASKED
    }
}

impl Proof {
    /// The lines that stay in the terminal.
    /// `stood`: the site stood as a whole before.
    pub fn says(&self, finished: &Finished, stood: bool) -> Vec<String> {
        let mut lines = vec![];
        match finished.ending {
            Ending::Done if !finished.changed => lines.push("Nothing had to be changed: all is as planned.".to_string()),
            Ending::Done if stood => lines.push("Changed: all is as planned.".into()),
            Ending::Done => lines.push("Installed.".into()),
            Ending::Failed => lines.push("Not done. What is done stays done; run kerbup again to go on.".into()),
            Ending::Stopped => lines.push("Stopped part-way. Run kerbup again to go on.".into()),
        }
        // Addresses and cameras that were seen to record come as events of their own.
        lines.extend(self.unproven.iter().cloned());
        lines.extend(self.stored.clone());
        if finished.ending == Ending::Done && self.unset {
            lines.push(done::NOT_SET_UP.into());
        }
        lines
    }
}

/// Where the recordings of the small shape lie: a folder a camera, of which the recipe has the name.
fn stored(answers: &Answers, plan: &Plan) -> Option<String> {
    if answers.shape != Shape::Small {
        return None;
    }
    let recorders = plan.steps.iter().filter(|s| s.kind == "container").filter_map(|s| step::with::<container::With>(s).ok());
    let mut folders = recorders.filter_map(|with| {
        let folder = with.workload.folders.into_iter().find(|f| f.parts.iter().any(|p| p == RECORDINGS))?;
        Some((with.workload.camera?, format!("{}/{RECORDINGS}", folder.path)))
    });
    let (camera, path) = folders.next()?;
    // Of several cameras, one path tells all.
    Some(match path.rsplit_once(&format!("/{camera}/")).filter(|_| folders.next().is_some()) {
        Some((before, after)) => done::stored_by_name(&format!("{before}/NAME/{after}")),
        None => done::stored(&path),
    })
}

/// The folder of finished recordings in a recorder's data.
const RECORDINGS: &str = "recordings";

impl Drive {
    /// This machine's address on the LAN: that of the interface with the default route.
    pub fn lan_address(&self) -> Option<String> {
        let memory = self.memory();
        let device = memory.host.network.default_route.get()?.as_ref()?.device.clone();
        let all = memory.host.network.interfaces.get()?;
        all.iter().find(|i| i.name == device)?.addresses.iter().find(|(a, _)| a.is_ipv4()).map(|(a, _)| a.to_string())
    }

    /// Tries the addresses and waits for cameras.
    pub async fn prove(&self, answers: &Answers, plan: &Plan, wait: Wait) -> Proof {
        let mut proof = Proof { addresses: self.addresses(answers, plan).await, stored: stored(answers, plan), ..Proof::default() };
        proof.cameras.of = answers.cameras.len();
        let answered: BTreeSet<String> = {
            let memory = self.memory();
            answers.cameras.iter().filter(|c| memory.tried.get(&c.name).is_none_or(|t| t.outcome.is_ok())).map(|c| c.name.clone()).collect()
        };
        let limit = match wait {
            Wait::No => 0.0,
            Wait::AsUsual => 75.0,
            Wait::UntilRecorded(limit) => limit.as_secs_f64(),
        };
        let since = self.world.clock.ticks();
        let (id, title) = (PROOF.to_string(), "Wait for the first recording".to_string());
        if !answered.is_empty() && limit > 0.0 {
            self.send(Event::StepStarted { id: id.clone(), title: title.clone(), at: self.world.clock.now() });
        }
        let mut recorded: BTreeSet<String> = BTreeSet::new();
        let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
        let place = self.place(plan);
        let mut inside: BTreeMap<String, CameraTried> = BTreeMap::new();
        let watched = self.watched(&answers.site, plan, answers).await.ok();
        let mut control = self.control.subscribe();
        let unset = |snapshot: &HealthSnapshot| snapshot.components.iter().any(|c| c.state == ComponentState::NotConfigured);
        if let Some(watched) = watched.as_ref().filter(|_| answered.is_empty()) {
            // Nobody is waited for; the page may wait to be set up all the same.
            proof.unset = unset(&self.read(watched).await);
        }
        while let Some(watched) = watched.as_ref().filter(|_| !answered.is_empty()) {
            let snapshot = self.read(watched).await;
            proof.unset = unset(&snapshot);
            for c in &snapshot.cameras {
                let here = self.memory().tried.get(&c.name).cloned();
                let url = answers.cameras.iter().find(|k| k.name == c.name).map_or("", |k| &k.url);
                if let Some(tried) = inside::tried(c, url, here.as_ref(), &place)
                    && inside.get(&c.name) != Some(&tried)
                {
                    inside.insert(c.name.clone(), tried.clone());
                    self.send(Event::CameraTried { tried });
                }
                let saved = c.recordings.unwrap_or(0) > 0 || c.last_saved_seconds.is_some();
                if c.state == CameraState::Recording && saved && answered.contains(&c.name) && recorded.insert(c.name.clone()) {
                    let says = if asked.contains_key(&c.name) { "recorded as asked, and now waits for movement" } else { "records" };
                    self.send(Event::Recorded { camera: c.name.clone(), says: says.into() });
                }
            }
            let waits = |c: &&CameraHealth| c.state == CameraState::Watching && answered.contains(&c.name) && !asked.contains_key(&c.name);
            let names: Vec<String> = snapshot.cameras.iter().filter(waits).map(|c| c.name.clone()).collect();
            self.send(Event::Health { snapshot: Box::new(snapshot) });
            let now = self.world.clock.ticks();
            let settled =
                |name: &String| recorded.contains(name) || (wait == Wait::AsUsual && asked.get(name).is_some_and(|a| a.over(now)));
            let waited = now - since;
            proof.stopped = *control.borrow_and_update() == Control::Stop;
            if proof.stopped || waited >= limit || answered.iter().all(settled) {
                break;
            }
            let answers = join_all(names.iter().map(|name| self.record_now(watched, name))).await;
            asked.extend(names.into_iter().zip(answers.into_iter().map(|said| Asked { at: now, refused: said.err() })));
            // Measured: a recorder waits 30 s at each start before it opens its camera.
            let note = "a recorder opens its camera about 30 s after it started".to_string();
            self.send(Event::StepProgress { id: id.clone(), done: waited as u64, total: Some(limit as u64), unit: Unit::Seconds, note });
            tokio::select! {
                () = self.world.clock.sleep(Duration::from_secs(1)) => {}
                // The drive holds the other end, so it is there.
                _ = control.changed() => {}
            }
        }
        if !answered.is_empty() && limit > 0.0 {
            self.send(Event::StepDone { id, title, seconds: self.world.clock.ticks() - since, changed: false });
        }
        proof.cameras.recording = recorded.len();
        if wait == Wait::No {
            return proof;
        }
        let late: Vec<&String> = answered.difference(&recorded).collect();
        let told = |name: &String| match (asked.get(name), inside.get(name).filter(|t| t.outcome.is_err())) {
            (_, Some(t)) => format!("{name} does not record yet. From inside the stack: {}. {}", t.says, t.advice),
            (Some(Asked { refused: None, .. }), _) => {
                format!("{name} watches: it records when something moves. Asked for a first recording, it has saved none yet.")
            }
            (Some(Asked { refused: Some(why), .. }), _) => {
                format!("{name} watches: it records when something moves. It could not be asked for a first recording: {why}")
            }
            (None, None) => format!("{name} was not seen to record yet: see how it is with kerbup status."),
        };
        proof.unproven.extend(late.iter().map(|name| told(name)));
        for c in answers.cameras.iter().filter(|c| !answered.contains(&c.name)) {
            proof.unproven.push(format!("{} did not answer when it was tried: its recorder goes on trying.", c.name));
        }
        if let (Wait::UntilRecorded(limit), Some(first), false) = (wait, late.first(), proof.stopped) {
            let names: Vec<&str> = late.iter().map(|n| n.as_str()).collect();
            let fault =
                Fault::new(Whose::Network, "NOT-RECORDING", format!("No recording within {} s: {}.", limit.as_secs(), names.join(", ")));
            let fault = late.iter().fold(fault, |fault, name| fault.because(told(name)));
            proof.fault = Some(fault.cure(match asked.get(*first) {
                Some(_) => "Let something move before the camera, and see with kerbup status whether it has recorded.".to_string(),
                None => format!("See what its recorder says: kerbup logs agent-{first}"),
            }));
        }
        proof
    }

    async fn addresses(&self, answers: &Answers, plan: &Plan) -> Vec<Address> {
        if answers.shape == Shape::Small {
            return vec![];
        }
        let host = match answers.expose {
            Expose::Loopback => "127.0.0.1".to_string(),
            _ => self.lan_address().unwrap_or_else(|| "127.0.0.1".into()),
        };
        let mut found = vec![];
        for s in plan.steps.iter().filter(|s| s.kind == "container") {
            let Ok(with) = step::with::<container::With>(s) else { continue };
            let w = with.workload;
            if let (Some((port, _)), "vault") = (w.outside, w.health.probe.as_str()) {
                let url = format!("http://{host}:{port}");
                let Ok(parsed) = Url::parse(&url) else { continue };
                // Tried before it is shown.
                if self.world.network.http(Request::get(parsed)).await.is_ok_and(|r| r.status < 500) {
                    found.push(Address { title: "Recordings page".into(), url, user: w.health.user, password: w.health.password });
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::model::answers::{Camera, Record};
    use crate::recipe::load::embedded;
    use crate::world::fake::{Described, Pace, named, paced};

    /// A site with a camera, on a described machine on which nothing goes wrong.
    async fn installed(record: Record, wait: Wait) -> (Drive, Answers, Finished, Vec<Event>) {
        installed_where(record, wait, |_| {}).await
    }

    async fn installed_where(record: Record, wait: Wait, but: impl FnOnce(&mut Described)) -> (Drive, Answers, Finished, Vec<Event>) {
        let (sender, mut events) = unbounded_channel();
        let mut machine = Described { trouble: vec![], ..named("nuc").unwrap() };
        but(&mut machine);
        // Something moves before each camera a minute after its start: a busy machine must not take so long over a few questions.
        let pace = Pace::Speed(if machine.deaf_recorders { 30.0 } else { 300.0 });
        let drive = Drive::new(paced(machine, pace).0, embedded().unwrap(), "/var/lib/kerbup".into(), sender);
        let url = "rtsp://192.168.1.64/Streaming/Channels/101".to_string();
        drive.secrets.put("camera.door.url", url.clone().into());
        let camera = Camera { name: "door".into(), url, sub_url: None, user: None, record };
        let answers = Answers { site: "shop".into(), path: "/srv/kerberos".into(), cameras: vec![camera], ..Answers::default() };
        drive.look(&answers).await;
        drive.try_cameras(&answers).await;
        let (plan, _) = drive.plan(&answers).await.unwrap();
        let finished = drive.install(&answers, &plan, wait).await.unwrap();
        let all = std::iter::from_fn(|| events.try_recv().ok()).collect();
        (drive, answers, finished, all)
    }

    #[tokio::test]
    async fn a_camera_that_waits_for_movement_is_asked_once_and_counts_when_it_has_recorded() {
        let (_, _, finished, events) = installed(Record::Motion, Wait::UntilRecorded(Duration::from_secs(50))).await;
        assert_eq!((finished.ending, finished.cameras), (Ending::Done, CameraCount { recording: 1, of: 1 }), "{:?}", finished.fault);
        let recorded: Vec<_> = events.iter().filter(|e| matches!(e, Event::Recorded { .. })).collect();
        assert!(matches!(recorded[..], [Event::Recorded { says, .. }] if says.contains("as asked")), "{recorded:?}");
    }

    /// The same, with recorders that do not take what they are asked.
    #[tokio::test]
    async fn a_camera_that_only_watches_is_never_told_as_one_that_records() {
        for wait in [Wait::AsUsual, Wait::UntilRecorded(Duration::from_secs(50))] {
            let (_, _, finished, events) = installed_where(Record::Motion, wait, |d| d.deaf_recorders = true).await;
            assert_eq!(finished.cameras, CameraCount { recording: 0, of: 1 });
            assert!(!events.iter().any(|e| matches!(e, Event::Recorded { .. })));
            let Some(Event::Done { ok, says, .. }) = events.last() else { panic!("{:?}", events.last()) };
            assert!(says.iter().any(|s| s.starts_with("door watches: it records when something moves.") && s.contains("503")), "{says:?}");
            let code = finished.fault.as_ref().map(|f| f.code.as_str());
            let wanted = if wait == Wait::AsUsual { (true, Ending::Done, None) } else { (false, Ending::Failed, Some("NOT-RECORDING")) };
            assert_eq!((*ok, finished.ending, code), wanted);
        }
    }

    /// The install of a site whose camera never records, stopped as soon as it waits for that.
    async fn stopped_while_it_waits(wait: Wait) -> (Finished, Vec<Event>) {
        let (sender, mut events) = unbounded_channel();
        let machine = Described { trouble: vec![], deaf_recorders: true, ..named("nuc").unwrap() };
        let drive = Drive::new(paced(machine, Pace::Speed(20.0)).0, embedded().unwrap(), "/var/lib/kerbup".into(), sender);
        let url = "rtsp://192.168.1.64/Streaming/Channels/101".to_string();
        drive.secrets.put("camera.door.url", url.clone().into());
        let camera = Camera { name: "door".into(), url, sub_url: None, user: None, record: Record::Motion };
        let answers = Answers { site: "shop".into(), path: "/srv/kerberos".into(), cameras: vec![camera], ..Answers::default() };
        drive.look(&answers).await;
        drive.try_cameras(&answers).await;
        let (plan, _) = drive.plan(&answers).await.unwrap();
        let (two, with) = (drive.clone(), answers.clone());
        let run = tokio::spawn(async move { two.install(&with, &plan, wait).await.unwrap() });
        let mut all = vec![];
        loop {
            let event = events.recv().await.unwrap();
            let waits = matches!(&event, Event::StepStarted { id, .. } if id == PROOF);
            all.push(event);
            if waits {
                break;
            }
        }
        drive.control(Control::Stop);
        let finished = run.await.unwrap();
        all.extend(std::iter::from_fn(|| events.try_recv().ok()));
        (finished, all)
    }

    #[tokio::test]
    async fn a_stop_ends_the_wait_for_recordings_at_once_and_claims_none() {
        for (wait, ending) in [(Wait::AsUsual, Ending::Done), (Wait::UntilRecorded(Duration::from_secs(240)), Ending::Stopped)] {
            let (finished, events) = stopped_while_it_waits(wait).await;
            assert_eq!((finished.ending, finished.cameras), (ending, CameraCount { recording: 0, of: 1 }), "{:?}", finished.fault);
            let waited = events.iter().find_map(|e| match e {
                Event::StepDone { id, seconds, .. } if id == PROOF => Some(*seconds),
                _ => None,
            });
            assert!(waited.is_some_and(|s| s < 20.0), "{waited:?}");
        }
    }

    #[tokio::test]
    async fn a_renewed_password_waits_for_no_camera() {
        let (drive, answers, ..) = installed(Record::Always, Wait::AsUsual).await;
        let old = drive.secrets.get("vault.password");
        // Another program, later: it has tried no camera.
        drive.memory().tried.clear();
        let (plan, _) = drive.plan(&answers).await.unwrap();
        let finished = drive.install_renewed(&answers, &plan, "vault.password").await.unwrap();
        assert_eq!((finished.ending, finished.changed, finished.fault), (Ending::Done, true, None));
        assert_eq!(finished.cameras, CameraCount { recording: 1, of: 1 }, "one reading tells who records now");
        assert!(!drive.site(None).unwrap().receipt.unfinished());
        use secrecy::ExposeSecret as _;
        assert_ne!(old.unwrap().expose_secret(), drive.secrets.get("vault.password").unwrap().expose_secret());
    }
    #[tokio::test]
    async fn a_power_cut_amid_a_renewal_leaves_a_run_that_is_gone_on_with() {
        use secrecy::ExposeSecret as _;
        let (drive, answers, ..) = installed(Record::Always, Wait::AsUsual).await;
        let (plan, _) = drive.plan(&answers).await.unwrap();
        let site = drive.site(None).unwrap();
        let old = drive.secrets.get("vault.password").unwrap();
        // As far as it comes before the new password is kept.
        drop(drive.accept(&site.state, crate::model::journal::Purpose::Install, (false, false), &plan).unwrap());
        drive.world.engine.remove(&format!("{}-vault", site.name)).await.unwrap();
        let site = drive.site(None).unwrap();
        assert!(site.receipt.unfinished());
        let finished = drive.resume(&site, Wait::No).await.unwrap();
        assert_eq!((finished.ending, finished.changed), (Ending::Done, true), "{:?}", finished.fault);
        assert_eq!(old.expose_secret(), drive.secrets.get("vault.password").unwrap().expose_secret());
        assert!(drive.world.engine.container(&format!("{}-vault", site.name)).await.unwrap().is_some());
    }
}
