//! A machine whose first process is a real systemd, and that has no Docker: Docker comes from its packages, units are the real
//! ones, the power is cut under everything at once, and the machine starts again with nobody there.
//!
//! The engine `machine` is Debian 12 in namespaces of its own, as the scripts in `tests/machine` make, start and remove it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::engine::{Ran, Running, named, program, same, setting, turn, wait_for};
use crate::forward::{Forward, own_address};

/// The site, and where the machine keeps what a person would have brought: the program and the answers.
const SITE: &str = "e2e";
const KERBUP: &str = "/root/kerbup";
const ANSWERS: &str = "/root/site.toml";
const UNITS: &str = "/etc/systemd/system";

/// The registry, at the same address for all machines of a run of these tests.
fn registry() -> String {
    static FORWARD: OnceLock<Forward> = OnceLock::new();
    FORWARD.get_or_init(|| Forward::plain(&setting("KERBUP_TEST_REGISTRY"))).at.to_string()
}

/// The camera, as the machine reaches it.
fn camera() -> String {
    setting("KERBUP_TEST_CAMERA").replace("127.0.0.1", &own_address().to_string())
}

/// An install in a terminal that the machine ends after Docker when it goes down.
fn ordered() -> Vec<&'static str> {
    let scope = ["systemd-run", "--scope", "--quiet", "--property=Before=docker.service"];
    [&scope[..], &[KERBUP, "install", "--answers", ANSWERS, "--yes", "--output", "json"]].concat()
}

/// A machine that runs; all of it goes when the test ends, however it ends.
struct Machine {
    folder: PathBuf,
    _dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.script("remove", 60);
    }
}

impl Machine {
    /// A machine as it comes, or none where this run has no such engine.
    fn on(test: &str) -> Option<Machine> {
        if !named("machine", test) {
            return None;
        }
        let turn = turn();
        let dir = TempDir::new().unwrap();
        let folder = dir.path().join(format!("e2e-{}", std::process::id()));
        fs::create_dir_all(folder.join("shared")).unwrap();
        let machine = Machine { folder, _dir: dir, _turn: turn };
        fs::copy(program(), machine.shared("kerbup")).unwrap();
        machine.script("make", 900).ok();
        machine.boot();
        Some(machine)
    }

    fn script(&self, name: &str, seconds: u64) -> Ran {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machine").join(name);
        Running::start(Command::new(script).arg(&self.folder)).end(Duration::from_secs(seconds))
    }

    /// A file of this host that is below /host in the machine.
    fn shared(&self, name: &str) -> PathBuf {
        self.folder.join("shared").join(name)
    }

    /// A file of the machine.
    fn file(&self, path: &str) -> PathBuf {
        let pid = fs::read_to_string(self.folder.join("pid")).unwrap();
        PathBuf::from(format!("/proc/{}/root{path}", pid.trim()))
    }

    /// Starts it and waits until systemd has started all it starts; what it waits for beside that may take longer.
    fn boot(&self) {
        self.script("boot", 60).ok();
        wait_for("the machine starts", Duration::from_secs(60), || {
            (self.run(&["systemctl", "is-active", "multi-user.target"]).code == 0).then_some(())
        });
    }

    /// Power cut.
    fn cut(&self) {
        self.script("cut", 60).ok();
    }

    /// Starts again as a person would have it.
    fn reboot(&self) {
        let process = self.file("");
        self.run(&["systemctl", "reboot"]);
        wait_for("it goes down", Duration::from_secs(120), || (!process.exists()).then_some(()));
        self.boot();
    }

    /// The machine as it comes, once more.
    fn anew(&self) {
        self.cut();
        fs::remove_file(self.folder.join("disk.ext4")).unwrap();
        self.boot();
    }

    fn start(&self, args: &[&str]) -> Running {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machine/inside");
        Running::start(Command::new(script).arg(&self.folder).args(args))
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.start(args).end(Duration::from_secs(400))
    }

    /// Runs a command in it that must end well, and answers what it printed.
    fn tool(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran.out
    }

    /// Brings the program and the answers.
    fn bring(&self, storage: &str, camera: &str) {
        let answers = format!(
            "[site]\nname = \"{SITE}\"\ntimezone = \"Europe/Brussels\"\n[platform]\nkind = \"docker\"\n\
             [storage]\npath = \"{storage}\"\nretention_days = 4\n[images]\nregistry = \"{}\"\ninsecure = true\n\
             [[camera]]\nname = \"yard\"\nurl = \"{camera}\"\nrecord = \"always\"\n",
            registry()
        );
        fs::write(self.shared("site.toml"), answers).unwrap();
        self.tool(&["install", "-m", "755", "/host/kerbup", KERBUP]);
        self.tool(&["install", "-m", "600", "/host/site.toml", ANSWERS]);
    }

    /// Installs, and waits for the first recording.
    fn install(&self) -> Value {
        self.run(&[KERBUP, "install", "--answers", ANSWERS, "--yes", "--wait-recording=4m", "--output", "json"]).ok().done()
    }

    /// Starts an install that holds at a point.
    fn hold(&self, place: &str) -> Running {
        let reached = self.shared("reached");
        let _ = fs::remove_file(&reached);
        let checkpoint = format!("KERBUP_CHECKPOINT={place}=/host/reached");
        let mut running = self.start(&["env", &checkpoint, KERBUP, "install", "--answers", ANSWERS, "--yes", "--output", "json"]);
        running.until(place, Duration::from_secs(300), |_| reached.exists());
        running
    }

    fn status(&self) -> Value {
        self.run(&[KERBUP, "status", "--output", "json"]).document()
    }

    /// Waits until every part is well with nobody's help, and then the camera records.
    fn records(&self) {
        self.comes_up(|cameras| cameras[0]["state"] == "recording");
    }

    /// Waits until every part is well with nobody's help, whatever the camera does.
    fn stands(&self) {
        self.comes_up(|_| true);
    }

    fn comes_up(&self, enough: impl Fn(&Value) -> bool) {
        let end = Instant::now() + Duration::from_secs(180);
        loop {
            let status = self.status();
            // A recorder is as well as its camera.
            let fine = |c: &Value| match c["kind"].as_str() {
                Some("agent") => ["healthy", "degraded", "starting"].as_slice(),
                _ => &["healthy", "not-configured"],
            };
            let part = |c: &Value| fine(c).contains(&c["state"].as_str().unwrap());
            let well = status["components"].as_array().unwrap().iter().all(part);
            if well && enough(&status["cameras"]) {
                return;
            }
            assert!(Instant::now() < end, "{status:#}\n{}", self.said());
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// Status tells that the video store waits for its disk, as long as it does.
    fn awaits(&self, path: &str) {
        let end = Instant::now() + Duration::from_secs(15);
        loop {
            let status = self.status();
            let store = status["components"].as_array().unwrap().iter().find(|c| c["name"] == "minio").unwrap();
            let awaited = store["evidence"].to_string().contains(&format!("waits for the disk of {path},"));
            if store["state"] == "down" && awaited && status["overall"] == "down" {
                return;
            }
            assert!(Instant::now() < end, "{status:#}\n{}", self.said());
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// What was cut off ends by itself: nobody logs in, and the unit goes with its work.
    fn goes_on(&self, what: &str) {
        let resume = format!("{UNITS}/kerbup-{SITE}-resume.service");
        wait_for("the unit goes when its work is done", Duration::from_secs(300), || (!self.file(&resume).exists()).then_some(()));
        let sites: Value = serde_json::from_str(&self.tool(&[KERBUP, "sites", "--output", "json"])).unwrap();
        assert_eq!(sites["sites"][0]["unfinished"], false, "{what}: {}", self.said());
    }

    /// What our units said, for a test that fails.
    fn said(&self) -> String {
        self.run(&["journalctl", "--no-pager", "-o", "short-monotonic", "-u", "kerbup-*", "-n", "100"]).out
    }

    /// systemd finds nothing to say of our units, and none failed.
    fn units_are_good(&self) {
        let verified = self.run(&["sh", "-c", &format!("systemd-analyze verify {UNITS}/kerbup-*")]);
        assert_eq!((verified.code, verified.out + &verified.err), (0, String::new()));
        assert_eq!(self.tool(&["systemctl", "list-units", "--failed", "--no-legend", "--plain"]), "", "{}", self.said());
    }

    /// When the timer elapses next, microseconds since 1970; 0 for never.
    fn next_look(&self) -> u64 {
        let timer = format!("kerbup-{SITE}-guard.timer");
        let timers: Value = serde_json::from_str(&self.tool(&["systemctl", "list-timers", "--all", "--output=json", &timer])).unwrap();
        timers[0]["next"].as_u64().unwrap_or_default()
    }

    /// What an install may change: all settings with their bodies, units, packages, users, groups, what is in /usr/local.
    fn settings(&self) -> BTreeSet<String> {
        let script = "find /etc /usr/local ! -type f -printf '%p %m %u:%g %l\\n'
            find /etc /usr/local -type f -printf '%p %m %u:%g ' -exec sha256sum -b {} \\; | cut -d' ' -f1-4
            dpkg-query -W -f 'package ${Package} ${db:Status-Status}\\n'
            systemctl list-unit-files --no-legend --plain";
        // Lists that the packages' own tools write anew, and copies of their last state.
        let theirs = |l: &&str| {
            ["/etc/ld.so.cache ", "/etc/group- ", "/etc/gshadow- ", "/etc/passwd- ", "/etc/machine-id "].iter().any(|t| l.starts_with(t))
        };
        self.tool(&["sh", "-c", script]).lines().filter(|l| !theirs(l)).map(str::to_string).collect()
    }

    /// All that an install leaves, but for what differs from one to the next.
    fn portrait(&self) -> BTreeSet<String> {
        let mut all = self.settings();
        // Docker makes itself a key.
        all.retain(|l| !l.starts_with("/etc/docker/key.json "));
        // Not the digest of what it was made from: what a camera was measured at is in there.
        let format = r#"{{.Name}} {{.State.Running}} {{.Config.Image}} {{index .Config.Labels "io.kerbup.site"}} {{index .Config.Labels "io.kerbup.component"}} {{.Config.User}} {{json .HostConfig.Binds}} {{json .HostConfig.PortBindings}} {{json .HostConfig.RestartPolicy}}"#;
        let script = format!(
            "docker ps -aq | xargs docker inspect -f '{format}'
            docker network inspect -f '{{{{json .Labels}}}} {{{{range .IPAM.Config}}}}{{{{.Subnet}}}}{{{{end}}}}' {SITE}
            docker images --no-trunc --format '{{{{.ID}}}} {{{{.Repository}}}}:{{{{.Tag}}}}'
            find /var/lib/kerbup /srv/kerberos -maxdepth 3 -not -path '*/journal/*' -not -path '*/.minio.sys*' -not -path '*/data/*' -printf '%p %y %m %U:%G\\n'"
        );
        all.extend(self.tool(&["sh", "-c", &script]).lines().map(str::to_string));
        all
    }
}

#[test]
fn a_bare_machine_gets_all_of_it_starts_again_with_it_and_gives_it_back() {
    let Some(m) = Machine::on("machine::a_bare_machine_gets_all_of_it_starts_again_with_it_and_gives_it_back") else { return };
    m.bring("/srv/kerberos", &camera());
    let before = m.settings();
    let done = m.install();
    assert_eq!((&done["ok"], &done["cameras"]["recording"]), (&true.into(), &1.into()), "{done}");
    let guard = format!("kerbup-{SITE}-guard");
    for unit in ["docker.service", &format!("{guard}.timer"), &format!("kerbup-{SITE}-disk.service")] {
        assert_eq!(m.tool(&["systemctl", "is-enabled", unit]).trim(), "enabled", "{unit}");
    }
    for unit in ["docker.service", &format!("{guard}.timer")] {
        assert_eq!(m.tool(&["systemctl", "is-active", unit]).trim(), "active", "{unit}");
    }
    m.units_are_good();
    assert!(m.next_look() > 0, "the timer has a next time");
    m.tool(&["systemctl", "start", &format!("{guard}.service")]);
    let shown = m.tool(&["systemctl", "show", "-p", "Type,Result,ExecMainStatus", &format!("{guard}.service")]);
    assert_eq!(shown.lines().collect::<BTreeSet<_>>(), ["Type=oneshot", "Result=success", "ExecMainStatus=0"].into());
    let said = m.tool(&["journalctl", "--no-pager", "-o", "cat", "-u", &format!("{guard}.service")]);
    assert!(said.contains("days are kept, as before."), "{said}");

    m.reboot();
    m.records();
    m.units_are_good();
    assert!(m.next_look() > 0);
    let said = m.tool(&["journalctl", "--no-pager", "-o", "cat", "-u", &format!("kerbup-{SITE}-disk.service")]);
    assert!(said.contains("The disk is here, and nothing waits for it."), "{said}");

    m.tool(&[KERBUP, "uninstall", "--purge-data", SITE, "--with-engine", "--yes"]);
    same(&before, &m.settings());
    let left =
        m.tool(&["sh", "-c", "find /srv -mindepth 1; ls -d /var/lib/kerbup /var/lib/docker /var/lib/containerd 2>/dev/null || true"]);
    assert_eq!(left, "");
    // The unit that would have gone on was read by systemd when packages told it to look again; its file is gone since.
    m.tool(&["systemctl", "daemon-reload"]);
    let ours = m.tool(&["systemctl", "list-units", "--all", "--no-legend", "--plain", "kerbup-*", "docker*"]);
    assert_eq!(ours, "", "nothing is left to start");
}

#[test]
fn a_machine_whose_power_was_cut_goes_on_by_itself() {
    let Some(m) = Machine::on("machine::a_machine_whose_power_was_cut_goes_on_by_itself") else { return };
    // A camera that does not answer: nobody waits half a minute for its first recording.
    let camera = format!("rtsp://{}:9/none", own_address());
    m.bring("/srv/kerberos", &camera);
    assert_eq!(m.install()["ok"], true);
    let straight = m.portrait();
    for place in ["docker:after-undo", "container:minio:after-apply", "unit:guard:after-apply", ""] {
        let since = Instant::now();
        m.anew();
        m.bring("/srv/kerberos", &camera);
        let mut running = if place.is_empty() { m.start(&ordered()) } else { m.hold(place) };
        if place.is_empty() {
            // Somebody starts the machine anew while it is at it: that is no wish to end it, also where Docker ends before.
            running.until("a part", Duration::from_secs(300), |out| out.contains("\"step-started\",\"id\":\"container:mongodb\""));
            m.reboot();
        } else {
            m.units_are_good();
            m.cut();
            m.boot();
        }
        assert_ne!(running.cut().code, 0);
        // Nobody logs in.
        m.goes_on(place);
        m.stands();
        m.units_are_good();
        same(&straight, &m.portrait());
        eprintln!("{place}: cut and gone on in {:.0} s", since.elapsed().as_secs_f64());
    }
}

#[test]
fn a_disk_that_comes_late_is_waited_for_and_another_is_never_written() {
    let Some(m) = Machine::on("machine::a_disk_that_comes_late_is_waited_for_and_another_is_never_written") else { return };
    // A second disk, which a unit holds back for as long as /etc/slow says.
    let slow = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep $(cat /etc/slow)'\n";
    fs::write(m.shared("slow-disk.service"), slow).unwrap();
    m.tool(&[
        "sh",
        "-euc",
        &format!(
            "mkdir -p /disks /mnt/usb; truncate -s 4G /disks/usb; mkfs.ext4 -q /disks/usb; cp /host/slow-disk.service {UNITS}; echo 0 >/etc/slow
            echo '/disks/usb /mnt/usb ext4 loop,nofail,x-systemd.requires=slow-disk.service 0 0' >>/etc/fstab
            systemctl daemon-reload; systemctl start mnt-usb.mount"
        ),
    ]);
    // What lies in the folder itself, whatever is mounted there.
    let beneath =
        || m.tool(&["sh", "-euc", "mkdir -p /run/bare; mount --bind / /run/bare; find /run/bare/mnt/usb -mindepth 1; umount /run/bare"]);
    m.bring("/mnt/usb/kerberos", &camera());

    // Cut midway, and the disk comes late: what goes on by itself waits for it as well.
    drop(m.hold("container:minio:after-apply"));
    m.tool(&["sh", "-c", "echo 15 >/etc/slow"]);
    m.cut();
    m.boot();
    assert_eq!(beneath(), "");
    m.goes_on("a disk that comes late");
    m.stands();
    assert_eq!(beneath(), "");

    // The site stands, and its disk comes after Docker has given up on it.
    m.tool(&["sh", "-c", "echo 25 >/etc/slow"]);
    m.cut();
    m.boot();
    m.awaits("/mnt/usb/kerberos");
    assert_eq!(beneath(), "");
    m.stands();
    assert_eq!(beneath(), "");

    // A disk that nobody mounts at the start: somebody does it later, by hand.
    m.tool(&["sed", "-i", "s/nofail/noauto/", "/etc/fstab"]);
    m.reboot();
    m.awaits("/mnt/usb/kerberos");
    let refused = m.run(&["systemctl", "start", &format!("kerbup-{SITE}-guard.service")]);
    assert_ne!(refused.code, 0, "another disk's room is not taken for this one's");
    m.tool(&["systemctl", "reset-failed"]);
    for args in [&["install", "--answers", ANSWERS, "--yes"][..], &["start"]] {
        let stays = m.run(&[&[KERBUP], args].concat());
        assert!(stays.code == 1 && stays.err.contains("DISK-MISSING"), "{args:?}: {} {}", stays.code, stays.err);
    }
    assert_eq!(beneath(), "");
    m.tool(&["sh", "-c", "echo 0 >/etc/slow; mount /mnt/usb"]);
    m.records();
    m.units_are_good();
    let waiting = format!("kerbup-{SITE}-disk.service");
    assert_eq!(m.run(&["systemctl", "is-active", &waiting]).out.trim(), "inactive", "it waits no longer than it must");
    let said = m.tool(&["journalctl", "--no-pager", "-b", "-o", "cat", "-u", &waiting]);
    assert!(said.contains("Waiting for the disk of /mnt/usb/kerberos.") && said.contains("The disk is here. Started: minio"), "{said}");

    // Whoever stops the site meanwhile has it stopped.
    m.cut();
    m.boot();
    m.awaits("/mnt/usb/kerberos");
    m.tool(&[KERBUP, "stop", "--yes"]);
    assert_eq!(m.run(&["systemctl", "is-active", &waiting]).out.trim(), "inactive");
    m.tool(&["mount", "/mnt/usb"]);
    let runs = m.tool(&["docker", "ps", "-q", "--filter", &format!("label=io.kerbup.site={SITE}")]);
    assert_eq!(runs, "");
    m.tool(&[KERBUP, "start"]);
    m.stands();
    assert_eq!(beneath(), "");
}
