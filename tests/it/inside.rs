//! Cameras tried from inside the stack, on a real engine: what only this machine reaches is told with its cure, and what this
//! machine itself serves is recorded by a container.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};
use url::Url;

use crate::engine::{Site, named, setting, tool, tool_may_fail};
use crate::forward::own_address;

/// What a door does with those who do not come from this machine.
#[derive(Clone, Copy, PartialEq)]
enum Strangers {
    /// As with all: they see the camera.
    Pass,
    /// Their login is refused, whatever it is.
    Refused,
}

/// The real camera behind a port of the test's own. It ends with the test's process.
fn door(on: Ipv4Addr, strangers: Strangers) -> u16 {
    let camera = Url::parse(&setting("KERBUP_TEST_CAMERA")).unwrap();
    let to = format!("{}:{}", camera.host_str().unwrap(), camera.port().unwrap_or(554));
    let listener = TcpListener::bind((on, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for from in listener.incoming().flatten() {
            let to = to.clone();
            thread::spawn(move || {
                let here = from.peer_addr().is_ok_and(|p| p.ip().is_loopback() || p.ip() == own_address());
                if here || strangers == Strangers::Pass { pass(&from, &to) } else { refuse(&from) }
            });
        }
    });
    port
}

/// Carries both ways until one side is done.
fn pass(from: &TcpStream, to: &str) -> Option<()> {
    let there = TcpStream::connect(to).ok()?;
    let (mut a, mut b) = (from.try_clone().ok()?, there.try_clone().ok()?);
    let answers = thread::spawn(move || {
        let _ = std::io::copy(&mut b, &mut a);
        let _ = a.shutdown(std::net::Shutdown::Both);
    });
    let _ = std::io::copy(&mut &*from, &mut &there);
    let _ = there.shutdown(std::net::Shutdown::Both);
    answers.join().ok()
}

/// Answers every question as a camera does that does not take the login.
fn refuse(from: &TcpStream) -> Option<()> {
    let mut number = String::from("1");
    for line in BufReader::new(from).lines() {
        let line = line.ok()?;
        if let Some(n) = line.strip_prefix("CSeq:") {
            number = n.trim().to_string();
        }
        if line.is_empty() {
            let says =
                format!("RTSP/1.0 401 Unauthorized\r\nCSeq: {number}\r\nWWW-Authenticate: Digest realm=\"cam\", nonce=\"0a1b\"\r\n\r\n");
            (&mut &*from).write_all(says.as_bytes()).ok()?;
        }
    }
    Some(())
}

/// A rule of this test's own, that lets nobody but this machine itself to a port. It goes when the test ends.
struct Wall(String);

impl Wall {
    fn before(port: u16) -> Wall {
        let wall = Wall(port.to_string());
        tool("iptables", &wall.rule("-I"));
        wall
    }

    fn rule<'a>(&'a self, verb: &'a str) -> Vec<&'a str> {
        vec!["-w", verb, "INPUT", "!", "-i", "lo", "-p", "tcp", "--dport", &self.0, "-j", "DROP"]
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        tool_may_fail("iptables", &self.rule("-D"));
    }
}

/// Readings from one side, by camera.
fn readings(document: &Value, side: &str) -> BTreeMap<String, Value> {
    document[side].as_array().unwrap().iter().map(|t| (t["name"].as_str().unwrap().to_string(), t.clone())).collect()
}

#[test]
fn what_a_recorder_reaches_and_what_it_does_not_is_told_from_inside() {
    let test = "inside::what_a_recorder_reaches_and_what_it_does_not_is_told_from_inside";
    if !named("docker", test) {
        return;
    }
    let real = Url::parse(&setting("KERBUP_TEST_CAMERA")).unwrap();
    let (login, path) = (format!("{}:{}", real.username(), real.password().unwrap_or_default()), real.path());
    let (everywhere, alone) = (door(Ipv4Addr::UNSPECIFIED, Strangers::Pass), door(Ipv4Addr::LOCALHOST, Strangers::Pass));
    let (walled, locked) = (door(Ipv4Addr::UNSPECIFIED, Strangers::Pass), door(Ipv4Addr::UNSPECIFIED, Strangers::Refused));
    let small = door(Ipv4Addr::UNSPECIFIED, Strangers::Pass);
    let _wall = Wall::before(walled);
    let own = own_address();
    let at = |host: &str, port: u16| format!("rtsp://{login}@{host}:{port}{path}");
    let own_text = own.to_string();
    let cameras = [
        // A second stream on the machine itself as well.
        ("here", at("localhost", everywhere), Some(at("127.0.0.1", small))),
        ("own", at(&own_text, everywhere), None),
        ("alone", at("127.0.0.1", alone), None),
        ("walled", at(&own_text, walled), None),
        ("locked", at(&own_text, locked), None),
    ];
    let entry = |(name, url, sub): &(&str, String, Option<String>)| {
        let sub = sub.as_ref().map(|s| format!("sub_url = \"{s}\"\n")).unwrap_or_default();
        format!("[[camera]]\nname = \"{name}\"\nurl = \"{url}\"\n{sub}record = \"always\"\n")
    };
    let Some(site) = Site::on("docker", test, "e2e-inside", &cameras.iter().map(entry).collect::<String>()) else { return };
    let cures = [
        ("alone", "refused", "the port is closed", "listen on all addresses"),
        ("walled", "unreachable", "does not answer", "firewall"),
        ("locked", "login", "wrong login", "locked the user"),
    ];

    // A run that waits as long as a recorder takes: two record, and of the others it is told why their recorders do not.
    let ran = site.run(&site.install()).ok();
    assert_eq!(ran.done()["cameras"], json!({"recording": 2, "of": 5}));
    let events = ran.events();
    let told = |name: &str, from: &str| {
        let mut all = events.iter().filter(|e| e["event"] == "camera-tried" && e["tried"]["name"] == *name && e["tried"]["from"] == *from);
        all.next_back().unwrap_or_else(|| panic!("{name} was not tried from {from}\n{}", ran.out))["tried"].clone()
    };
    for (name, ..) in &cameras {
        assert_eq!(told(name, "host")["ok"], true, "this machine reaches {name}");
    }
    for name in ["here", "own"] {
        let inside = told(name, "stack");
        assert!(inside["ok"] == true && inside["says"].as_str().unwrap().contains("H.264"), "{inside}");
    }
    let says = ran.done()["says"].to_string();
    for (name, code, word, cure) in cures {
        let inside = told(name, "stack");
        assert_eq!((&inside["ok"], &inside["code"], &inside["says"]), (&json!(false), &json!(code), &json!(word)), "{name}");
        assert!(inside["cure"].as_str().unwrap().contains(cure), "{inside}");
        assert!(says.contains(&format!("{name} does not record yet. From inside the stack: {word}.")), "{says}");
    }

    // Asked for both readings, at any time.
    let tried = site.run(&["cameras", "test", "--output", "json"]);
    assert_eq!(tried.code, 6, "{}", tried.err);
    let (here, inside) = (readings(&tried.document(), "cameras"), readings(&tried.document(), "inside"));
    assert!(here.len() == 5 && here.values().all(|t| t["ok"] == true && t["from"] == "host"), "{}", tried.out);
    assert!(["here", "own"].iter().all(|n| inside[*n]["ok"] == true && inside[*n]["from"] == "stack"), "{}", tried.out);
    let plain = site.run(&["cameras", "test", "--output", "plain"]);
    assert!(plain.code == 6 && plain.out.contains("FROM INSIDE THE STACK"), "{}", plain.out);
    for (name, code, word, cure) in cures {
        assert!(inside[name]["code"] == code && inside[name]["cure"].as_str().unwrap().contains(cure), "{}", tried.out);
        let at = plain.out.find(&format!("{name}, from inside the stack: {word}.")).unwrap_or_else(|| panic!("{name}\n{}", plain.out));
        let rest: Vec<&str> = plain.out[at..].lines().collect();
        assert!(rest[1].starts_with("  What to do: ") && rest[1].contains(cure), "{}", plain.out);
    }
    assert_eq!(site.run(&["cameras", "test", "own"]).ok().code, 0);

    // The second stream was opened by its recorder, and its password is shown nowhere.
    let password = real.password().unwrap_or_default();
    let raw = tool("docker", &["logs", "e2e-inside-agent-here"]);
    assert!(raw.contains("opened RTSP sub stream: rtsp://") && raw.contains("@host.docker.internal:"), "{raw}");
    let shown = site.run(&["logs", "agent-here", "--tail", "2000"]).ok().out;
    let saved = std::fs::read_to_string(site.state().join("site.toml")).unwrap();
    assert!(
        shown.contains("opened RTSP sub stream") && saved.contains(&format!("sub_url = \"rtsp://127.0.0.1:{small}{path}\"")),
        "{saved}"
    );
    for text in [&shown, &saved, &ran.out, &tried.out, &plain.out] {
        assert!(!text.contains(password));
    }
}
