//! Sizes and times of a plan: each comes from something measured, and moves with it; on a real engine they are what is stored.

use std::fs;

use jiff::tz::TimeZone;
use kerbup::drive::Drive;
use kerbup::flow::{Flow, Input, Intent, Stage};
use kerbup::front::full::app::App;
use kerbup::front::line::show;
use kerbup::model::answers::Answers;
use kerbup::model::event::Event;
use kerbup::model::journal::{Ending, Purpose, Record};
use kerbup::model::plan::{Plan, Step};
use kerbup::recipe::{Recipes, load};
use kerbup::run::journal::Journal;
use kerbup::world::fake::{Described, Pace, named, paced};
use serde_json::Value;

use super::screens::{COLOUR, drawn, text};
use super::shop;
use super::states::NOW;
use crate::engine::{IMAGES, Site, own_registry, tool};

/// A first install on the described server, as it is planned and shown.
struct Shown {
    plan: Plan,
    screen: String,
    narrow: String,
    plain: String,
}

impl Shown {
    async fn of(machine: impl Fn(&mut Described), recipes: impl Fn(&mut Recipes), before: &[Record]) -> Shown {
        let mut described = named("server").unwrap();
        machine(&mut described);
        let (host, mut known) = (described.host.clone(), load::embedded().unwrap());
        recipes(&mut known);
        let world = paced(described, Pace::Manual).0;
        let answers = Answers { site: "shop-12".into(), cameras: shop::cameras(), ..Answers::default() };
        let drive = Drive::new(world, known, "/state".into(), tokio::sync::mpsc::unbounded_channel().0);
        drive.memory().host = host;
        if !before.is_empty() {
            let journal = Journal::begin(&*drive.world.files, &drive.state("shop-12")).unwrap();
            before.iter().for_each(|r| journal.append(r).unwrap());
        }
        let (plan, states) = drive.plan(&answers).await.unwrap();
        let plain = show::plan(&plan, &states).join("\n");
        let mut flow = Flow::new(answers, vec![], false).at(Stage::Storage);
        flow.handle(Input::Intent(Intent::Next));
        let mut app = App::new(flow, COLOUR, TimeZone::UTC);
        app.event(Event::Planned { plan: Box::new(plan.clone()), states }, NOW);
        let joined = |w, h| text(&drawn(&app, w, h)).split_whitespace().collect::<Vec<_>>().join(" ");
        Shown { screen: joined(80, 24), narrow: joined(40, 12), plain, plan }
    }

    fn step(&self, id: &str) -> &Step {
        self.plan.steps.iter().find(|s| s.id.starts_with(id)).unwrap_or_else(|| panic!("{id}"))
    }

    /// The line with the totals says this, in every front that has room for it.
    fn says(&self, all: &[&str]) {
        for said in all {
            assert!(self.screen.contains(said) && self.plain.contains(said), "{said}\n{}\n{}", self.screen, self.plain);
        }
    }
}

fn nothing<T>(_: &mut T) {}

#[tokio::test]
async fn a_first_install_says_download_disk_and_time_from_what_was_measured() {
    let shown = Shown::of(nothing, nothing, &[]).await;
    // 61 + 284 + 96 + 168 MB to fetch; two and a half times as much unpacked, and this engine keeps both.
    shown.says(&["609 MB to download, 2.1 GB on the disk", "at the 880 Mbit/s measured here"]);
    assert!(shown.narrow.contains("609 MB to download, 2.1 GB on disk, at least"), "{}", shown.narrow);
    let store = shown.step("image:quay.io/minio");
    assert_eq!((store.preview.download_bytes, store.preview.disk_bytes), (Some(61_004_096), Some(61_004_096 + 152_500_000)));
    let seconds = store.preview.seconds.unwrap();
    assert!((seconds - (61_004_096.0 / 110e6 + 152.5e6 / 107e6)).abs() < 0.01, "{seconds}");
    // How long the database takes to start nobody measured: the sum is not all of it.
    assert!(shown.step("container:mongodb").preview.seconds.is_none());
    shown.says(&["at least 21 s at"]);
    assert!(shown.screen.contains("takes"), "{}", shown.screen);
}

#[tokio::test]
async fn another_line_is_another_time() {
    let slow = Shown::of(|d| d.downloads = 3_000_000, nothing, &[]).await;
    slow.says(&["609 MB to download, 2.1 GB on the disk", "at least 4 min at the 24 Mbit/s measured here"]);
    let seconds = slow.step("image:quay.io/minio").preview.seconds.unwrap();
    assert!((seconds - (61_004_096.0 / 3e6 + 152.5e6 / 107e6)).abs() < 0.01, "{seconds}");
    assert!(slow.screen.contains("~22 s") && slow.plain.contains("22 s"), "{}", slow.screen);
}

#[tokio::test]
async fn another_unpacked_size_is_another_disk() {
    let large = Shown::of(|d| d.packed = 4.0, nothing, &[]).await;
    large.says(&["609 MB to download, 3.0 GB on the disk"]);
    // An engine that throws away what was fetched takes less.
    let engine = |d: &mut Described| {
        let Some(kerbup::model::host::DockerPresence::Running(mut e)) = d.host.docker.get().cloned() else { panic!() };
        e.keeps_packed = Some(false);
        d.host.docker = kerbup::model::fact::Fact::known(kerbup::model::host::DockerPresence::Running(e), "a test");
    };
    Shown::of(engine, nothing, &[]).await.says(&["609 MB to download, 1.5 GB on the disk"]);
    // Less than what is fetched is no answer: that the disk is not known is said, and why.
    let unsure = Shown::of(|d| d.packed = 0.5, nothing, &[]).await;
    assert!(unsure.step("image:mongo").preview.disk_bytes.is_none() && !unsure.screen.contains("on the disk"), "{}", unsure.screen);
    assert!(
        unsure.plan.notes.iter().any(|n| n.contains("will take on the disk is not known: a layer does not say")),
        "{:?}",
        unsure.plan.notes
    );
}

#[tokio::test]
async fn another_median_is_another_time_and_this_machines_own_comes_first() {
    let slow = |r: &mut Recipes| r.figures.steps.get_mut("container:minio").unwrap().seconds = 40.0;
    let shown = Shown::of(nothing, slow, &[]).await;
    assert_eq!(shown.step("container:minio").preview.seconds, Some(40.0));
    shown.says(&["at least 43 s at"]);
    let unpack = |r: &mut Recipes| r.figures.unpack.bytes_a_second = 10_000_000.0;
    Shown::of(nothing, unpack, &[]).await.says(&["at least 3 min at"]);
    let none = |r: &mut Recipes| r.figures = Default::default();
    assert!(Shown::of(nothing, none, &[]).await.step("storage").preview.seconds.is_none());

    // A run of this site on this machine, in which the store took 9 s and 61 MB were fetched in 61 s.
    let (image, start) = (shown.step("image:quay.io/minio").id.clone(), "container:minio".to_string());
    let run = |id: &str, at: f64, took: f64| {
        [Record::StepStarted { id: id.into(), at }, Record::StepDone { id: id.into(), at: at + took, changed: true, made: Value::Null }]
    };
    let mut before = vec![Record::PlanAccepted {
        version: 1,
        kerbup: "0".into(),
        at: 0.0,
        purpose: Purpose::Install,
        purge: false,
        with_engine: false,
        plan: shown.plan.clone(),
    }];
    before.extend(run(&image, 10.0, 61.0));
    before.extend(run(&start, 80.0, 9.0));
    before.push(Record::RunEnded { at: 90.0, ending: Ending::Failed });
    let again = Shown::of(nothing, slow, &before).await;
    assert_eq!(again.step("container:minio").preview.seconds, Some(9.0));
    again.says(&["at the 8.0 Mbit/s measured here"]);
    let seconds = again.step("image:quay.io/minio").preview.seconds.unwrap();
    assert!((seconds - 61.0).abs() < 0.1, "whole downloads say more than a piece: {seconds}");
}

#[tokio::test]
async fn without_registries_nothing_is_made_up() {
    let shown = Shown::of(|d| d.host.registries.clear(), nothing, &[]).await;
    assert!(!shown.screen.contains("to download,") && !shown.screen.contains("on the disk") && shown.screen.contains("at least"));
    assert!(shown.plan.line.is_none());
}

#[test]
fn what_a_plan_says_of_an_image_is_what_the_registry_stores_and_the_engine_takes() {
    let test = "figures::what_a_plan_says_of_an_image_is_what_the_registry_stores_and_the_engine_takes";
    let Some(site) = Site::on("docker", test, "e2e-figures", "") else { return };
    let own = own_registry();
    let (host, folder) = own.split_once('/').unwrap();
    let (name, tag) = IMAGES[0].split_once(':').unwrap();
    let repository = format!("http://{host}/v2/{folder}/{name}");
    let plan = site.run(&["plan", "--answers", site.file.to_str().unwrap(), "--output", "json"]).ok().document();
    let id = format!("image:{own}/{}", IMAGES[0]);
    let step = plan["steps"].as_array().unwrap().iter().find(|s| s["id"] == *id).unwrap_or_else(|| panic!("{plan}"));

    // With clients that are not ours: the manifest, and each layer unpacked to its end.
    let accept = "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, \
                  application/vnd.oci.image.index.v1+json";
    let document = |reference: &str| -> Value {
        serde_json::from_str(&tool("curl", &["-sf", "-H", accept, &format!("{repository}/manifests/{reference}")])).unwrap()
    };
    let mut manifest = document(tag);
    if let Some(builds) = manifest["manifests"].as_array() {
        let build = builds.iter().find(|b| b["platform"]["architecture"] == "amd64").unwrap();
        manifest = document(build["digest"].as_str().unwrap());
    }
    let layers = manifest["layers"].as_array().unwrap();
    let fetched: u64 = layers.iter().chain([&manifest["config"]]).map(|l| l["size"].as_u64().unwrap()).sum();
    let unpacked: u64 = layers
        .iter()
        .map(|l| {
            let blob = format!("curl -sf {repository}/blobs/{} | gzip -dc | wc -c", l["digest"].as_str().unwrap());
            tool("sh", &["-c", &blob]).trim().parse::<u64>().unwrap()
        })
        .sum();
    let packed = tool("docker", &["info", "--format", "{{json .DriverStatus}}"]).contains("io.containerd.snapshotter");
    let disk = unpacked + if packed { fetched } else { 0 };
    assert_eq!((&step["download_bytes"], &step["disk_bytes"]), (&fetched.into(), &disk.into()), "{step}");
    // The line was measured with a piece of it.
    assert!(plan["line_bytes_per_second"].as_f64().is_some_and(|l| l > 1e6), "{plan}");
    assert!(step["seconds"].as_f64().is_some_and(|s| s > 0.0 && s < 60.0), "{step}");

    // And the engine says that it takes as much, up to the blocks of its file system.
    let image = format!("{own}/{}", IMAGES[0]);
    tool("docker", &["pull", "-q", &image]);
    let takes: f64 = tool("docker", &["image", "inspect", "-f", "{{.Size}}", &image]).trim().parse().unwrap();
    let stored = |bytes: u64| (takes / bytes as f64 - 1.0).abs() < 0.1;
    assert!(stored(disk) || stored(unpacked), "{takes} {disk}");
    tool("docker", &["rmi", &image]);
    assert!(!fs::exists(site.state()).unwrap(), "a plan leaves nothing");
}
