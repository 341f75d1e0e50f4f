//! One suite of runs, with the same command lines on a described machine and on the real engine: a port that is taken, an install,
//! the same again, a camera more, other days, stop and start, uninstall. What they tell is the same but for times.
//!
//! The real engine's machine is described by its own `check`; the program then runs on that description, and both are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use kerbup::model::camera::StreamReading;
use kerbup::model::host::Listener;
use kerbup::world::World;
use kerbup::world::fake::{CameraDescribed, Described, Pace, Sort, Trouble, Verb, from_report, named, paced};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::engine::{Ran, Running, Site, machine, own_registry, same, setting};
use crate::trace::{Trace, trace};

/// How the port of the recordings page is while a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Port {
    Free,
    Taken,
    /// Taken by another program once all was checked, before the part that needs it starts.
    TakenMidway,
}

/// A command of the suite.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Act {
    name: String,
    args: Vec<String>,
    port: Port,
}

/// All that the program is told to do, in this order.
fn acts(site_file: &Path, camera: &str) -> Vec<Act> {
    let file = site_file.to_str().unwrap();
    let act = |name: &str, port: Port, args: &[&str]| {
        let args = args.iter().chain(&["--output", "json"]).map(ToString::to_string).collect();
        Act { name: name.into(), args, port }
    };
    let install = ["install", "--answers", file, "--yes"];
    vec![
        act("a port is taken before", Port::Taken, &install),
        act("a port is taken midway", Port::TakenMidway, &install),
        act("the port is free again", Port::Free, &install),
        act("the same again", Port::Free, &install),
        act("a camera more", Port::Free, &["cameras", "add", "gate", camera, "--record", "always", "--yes"]),
        act("how it is", Port::Free, &["status"]),
        act("other days", Port::Free, &["change", "--set", "storage.retention_days=2", "--yes"]),
        act("stopped", Port::Free, &["stop", "--yes"]),
        act("how it is when stopped", Port::Free, &["status"]),
        act("installed where it is stopped", Port::Free, &["change", "--set", "storage.retention_days=2", "--yes"]),
        act("stopped again", Port::Free, &["stop", "--yes"]),
        act("started", Port::Free, &["start"]),
        act("taken down", Port::Free, &["uninstall", "--yes"]),
        act("nothing stands", Port::Free, &["sites"]),
    ]
}

/// What holds on any engine.
fn each_is_as_it_should_be(told: &BTreeMap<String, Trace>, acts: &[Act]) {
    let codes: Vec<i32> = acts.iter().map(|a| told[&a.name].code).collect();
    let wanted = [3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let other = acts.iter().zip(codes.iter().zip(wanted)).find(|(_, (code, wanted))| *code != wanted).map(|(a, _)| &told[&a.name]);
    assert_eq!(codes, wanted, "{other:#?}");
    for act in acts {
        told[&act.name].keeps_the_order();
    }
    let failed: Vec<_> = told.values().flat_map(|t| &t.failed).collect();
    assert_eq!(failed, ["CHECK-BLOCKS", "PORT-TAKEN"], "in the order of their names");
    let set = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(told["a port is taken before"].changed, set(&[]));
    assert_eq!(told["the same again"].changed, set(&[]));
    assert_eq!(told["other days"].changed, set(&["bucket:recordings"]));
    let camera = &told["a camera more"];
    assert!(camera.changed.contains("container:agent-gate") && !camera.changed.contains("container:minio"), "{camera:#?}");
    assert_eq!(camera.done()["cameras"], json!({"recording": 1, "of": 1}));
    let again = &told["installed where it is stopped"];
    assert_eq!(again.changed, set(&["container:mongodb", "container:minio", "container:vault", "container:agent-gate"]));
    let states = &told["how it is when stopped"].documents[0]["components"];
    assert!(states.as_array().unwrap().iter().all(|c| c["state"] == "stopped"), "{states}");
    let made: BTreeSet<_> = told["the port is free again"].steps.keys().chain(camera.steps.keys()).cloned().collect();
    for (id, says) in &told["taken down"].steps {
        assert!(made.contains(id) && says.last().unwrap().starts_with("reverted"), "{id}: {says:?}");
    }
}

/// What runs on the description, given to a program of its own.
#[derive(Serialize, Deserialize)]
struct Script {
    /// A saved check, or the name of a described machine.
    machine: String,
    camera: String,
    login: Option<String>,
    port: u16,
    file: PathBuf,
    state: String,
    acts: Vec<Act>,
}

impl Script {
    /// Nothing goes wrong but what the suite brings about.
    fn described(&self) -> Described {
        let machine = match fs::read(&self.machine) {
            Ok(report) => from_report(&report).unwrap(),
            Err(_) => named(&self.machine).unwrap(),
        };
        let reading = StreamReading {
            codec: "H.264".into(),
            size: Some((1280, 720)),
            fps: Some(15.0),
            bits_per_second: Some(2e5),
            seconds: 3.0,
            audio: false,
        };
        let camera = CameraDescribed { url: self.camera.clone(), login: self.login.clone(), reading: Some(reading), error: None };
        let taken = Trouble {
            verb: Verb::Start,
            fits: "-vault".into(),
            times: 1,
            error: Sort::PortTaken,
            says: "address already in use".into(),
            listens: Some(self.other_program()),
        };
        Described { cameras: vec![camera], trouble: vec![taken], ..machine }
    }

    fn other_program(&self) -> Listener {
        Listener {
            port: self.port,
            address: std::net::Ipv4Addr::UNSPECIFIED.into(),
            protocol: "tcp".into(),
            process: Some("other".into()),
            pid: Some(4711),
        }
    }
}

/// The program on a described machine: its commands one after the other, each finding what the one before did.
#[test]
#[ignore = "started by the tests below"]
fn commands_on_a_described_machine() {
    let script: Script = serde_json::from_slice(&fs::read(std::env::var("KERBUP_TEST_SCRIPT").unwrap()).unwrap()).unwrap();
    let (world, hand) = paced(script.described(), Pace::Speed(30.0));
    lay(&world, &script.file);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!();
    for act in &script.acts {
        match act.port {
            Port::Taken => hand.listens(script.other_program()),
            _ => hand.leaves(script.port),
        }
        let args = ["kerbup".to_string(), "--state".into(), script.state.clone()].into_iter().chain(act.args.clone());
        let code = runtime.block_on(kerbup::commands::run_on(args.map(Into::into).collect(), Some(world.clone())));
        println!("== {code}");
    }
    runtime.shutdown_background();
}

/// Lays a file of this machine into a described one, at the same place.
pub fn lay(world: &World, path: &Path) {
    let mut above: Vec<_> = path.ancestors().skip(1).map(|p| p.to_str().unwrap()).collect();
    above.reverse();
    above.iter().for_each(|dir| drop(world.files.create_folder(dir, 0o755)));
    world.files.write(path.to_str().unwrap(), &fs::read(path).unwrap(), 0o600).unwrap();
}

/// Plays the suite on a description.
fn on_a_description(script: &Script) -> Vec<Ran> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("script.json");
    fs::write(&path, serde_json::to_vec(script).unwrap()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", "runs::commands_on_a_described_machine"]);
    let ran = Running::start(command.env("KERBUP_TEST_SCRIPT", &path).env("LANG", "C.UTF-8")).end(Duration::from_secs(120)).ok();
    let mut all = vec![];
    let mut out = String::new();
    for line in ran.out.lines() {
        match line.strip_prefix("== ") {
            Some(code) => {
                let out = std::mem::take(&mut out).lines().skip_while(|l| !l.starts_with('{')).map(|l| format!("{l}\n")).collect();
                all.push(Ran { code: code.parse().unwrap(), out, err: ran.err.clone() });
            }
            None => out += &format!("{line}\n"),
        }
    }
    assert_eq!(all.len(), script.acts.len(), "{}\n{}", ran.out, ran.err);
    all
}

/// Plays the suite on the real engine.
fn on_the_engine(site: &Site, acts: &[Act]) -> Vec<Ran> {
    let play = |act: &Act| {
        let args: Vec<&str> = act.args.iter().map(String::as_str).collect();
        let taken = || TcpListener::bind(("0.0.0.0", site.ports.0)).unwrap();
        match act.port {
            Port::Free => site.run(&args),
            Port::Taken => {
                let (before, _taken) = (machine(site), taken());
                let ran = site.run(&args);
                assert!(ran.err.contains(&site.ports.0.to_string()) && ran.err.contains("network.ports"), "{}", ran.err);
                same(&before, &machine(site));
                ran
            }
            Port::TakenMidway => {
                let mut running = site.start(&args);
                let begun = |out: &str| out.contains("\"step-started\",\"id\":\"container:mongodb\"");
                running.until("the first part starts", Duration::from_secs(60), begun);
                let _taken = taken();
                running.end(Duration::from_secs(120))
            }
        }
    };
    acts.iter().map(play).collect()
}

/// What is only this machine's or this run's is called alike.
fn traces(acts: &[Act], ran: &[Ran], names: &[(&str, &str)]) -> BTreeMap<String, Trace> {
    acts.iter().zip(ran).map(|(act, ran)| (act.name.clone(), trace(ran, names))).collect()
}

/// The suite on a described machine: its commands and what they said. Played once for all that look at it.
fn played() -> &'static (Vec<Act>, Vec<Ran>) {
    static PLAYED: OnceLock<(Vec<Act>, Vec<Ran>)> = OnceLock::new();
    PLAYED.get_or_init(play)
}

/// What each command of the suite said, by its name.
pub fn recorded() -> BTreeMap<&'static str, &'static Ran> {
    let (acts, ran) = played();
    acts.iter().map(|a| a.name.as_str()).zip(ran).collect()
}

fn play() -> (Vec<Act>, Vec<Ran>) {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("site.toml");
    let text = "[site]\nname = \"shop\"\n[platform]\nkind = \"docker\"\n[storage]\npath = \"/srv/kerberos\"\nretention_days = 4\n";
    fs::write(&file, text).unwrap();
    let acts = acts(&file, "rtsp://192.168.1.64/stream");
    let script = Script {
        machine: "nuc".into(),
        camera: "192.168.1.64:554/stream".into(),
        login: None,
        port: 8080,
        file: file.clone(),
        state: "/var/lib/kerbup".into(),
        acts: acts.clone(),
    };
    let ran = on_a_description(&script);
    (acts, ran)
}

#[test]
fn a_described_machine_goes_through_the_suite() {
    let (acts, ran) = played();
    each_is_as_it_should_be(&traces(acts, ran, &[]), acts);
}

#[test]
fn the_real_engine_tells_the_same_as_its_description() {
    let test = "runs::the_real_engine_tells_the_same_as_its_description";
    let Some(site) = Site::on("docker", test, "e2e-suite", "") else { return };
    let address = setting("KERBUP_TEST_CAMERA");
    let acts = acts(&site.file, &address);
    let report = site.dir.path().join("check.json");
    fs::write(&report, site.run(&["check", "--answers", site.file.to_str().unwrap(), "--output", "json"]).out).unwrap();
    let described_site = site.dir.path().join("described.toml");
    // Of images it knows the names that they have everywhere.
    let plain = setting("KERBUP_TEST_REGISTRY");
    let mut known: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    known["host"]["registries"][0]["host"] = json!(plain);
    fs::write(&report, known.to_string()).unwrap();
    fs::write(&described_site, fs::read_to_string(&site.file).unwrap().replace(&own_registry(), &plain)).unwrap();
    let camera = url::Url::parse(&address).unwrap();
    let script = Script {
        machine: report.to_str().unwrap().into(),
        camera: format!("{}:{}{}", camera.host_str().unwrap(), camera.port().unwrap_or(554), camera.path()),
        login: Some(format!("{}:{}", camera.username(), camera.password().unwrap_or_default())),
        port: site.ports.0,
        file: described_site.clone(),
        state: site.dir.path().join("state").to_str().unwrap().into(),
        acts: self::acts(&described_site, &address),
    };
    let own = own_registry();
    let names = [(own.as_str(), "REGISTRY"), (plain.as_str(), "REGISTRY")];
    let described = traces(&acts, &on_a_description(&script), &names);
    each_is_as_it_should_be(&described, &acts);
    let real = traces(&acts, &on_the_engine(&site, &acts), &names);
    each_is_as_it_should_be(&real, &acts);
    let mut differences = vec![];
    for act in &acts {
        let (real, described) = (real[&act.name].comparable(), described[&act.name].comparable());
        let alone = |here: &[String], there: &[String], who: &str| -> Vec<String> {
            here.iter().filter(|l| !there.contains(l)).map(|l| format!("{}, {who} alone: {l}", act.name)).collect()
        };
        let found = [alone(&real, &described, "the engine"), alone(&described, &real, "the description")].concat();
        assert!(!found.is_empty() || real == described, "{}: another order\n{real:#?}\n{described:#?}", act.name);
        differences.extend(found);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
