//! A change that fails is undone: the site is as it was before, on a described machine.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Drive;
use super::proof::Wait;
use crate::flow::intent::CameraTyped;
use crate::model::answers::{Answers, Camera, Record};
use crate::model::event::Event;
use crate::model::fact::Fact;
use crate::model::journal::Ending;
use crate::model::plan::removals;
use crate::recipe::load;
use crate::run::Receipt;
use crate::secrets::Secrets;
use crate::step::files;
use crate::world::World;
use crate::world::fake::{Described, Pace, Sort, Trouble, Verb, named, paced};

const STATE: &str = "/var/lib/kerbup/shop";
/// A port that the recordings page did not have before.
const OTHER: u16 = 8099;

fn world() -> World {
    // The recorder of one camera cannot be started.
    let (fits, says) = ("agent-till".into(), "no room for it".into());
    let trouble = vec![Trouble { verb: Verb::Start, fits, times: 9, error: Sort::Other, says, listens: None }];
    let mut machine = Described { trouble, ..named("lxc").unwrap() };
    machine.host.listeners = Fact::known(vec![], "nothing listens");
    paced(machine, Pace::Speed(300.0)).0
}

fn drive(world: &World) -> (Drive, UnboundedReceiver<Event>) {
    let (sender, events) = unbounded_channel();
    (Drive::new(world.clone(), load::embedded().unwrap(), "/var/lib/kerbup".into(), sender), events)
}

fn answers() -> Answers {
    Answers { site: "shop".into(), path: "/srv/videos".into(), ..Answers::default() }
}

async fn install(drive: &Drive, answers: &Answers) -> Ending {
    drive.look(answers).await;
    let (plan, _) = drive.plan(answers).await.unwrap();
    drive.install(answers, &plan, Wait::AsUsual).await.unwrap().ending
}

fn camera(drive: &Drive, name: &str) -> Camera {
    let typed = CameraTyped {
        name: name.into(),
        url: "rtsp://192.168.1.64/Streaming/Channels/101".into(),
        user: "viewer".into(),
        password: SecretString::from("practice"),
        record: Record::Always,
        sub_url: None,
    };
    drive.set_camera(typed, None).unwrap().0
}

/// Cameras more, one of which cannot be had, and another port.
fn changed(drive: &Drive, answers: &Answers) -> Answers {
    let cameras = ["yard", "till"].map(|n| camera(drive, n));
    Answers { cameras: cameras.into(), vault_port: OTHER, ..answers.clone() }
}

/// What stands: containers by what they were made from, and what kerbup remembers.
async fn portrait(world: &World) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for c in world.engine.containers(None).await.unwrap() {
        all.insert(c.name.clone(), format!("{:?} {:?} {:?}", c.state, c.image, c.labels));
    }
    let receipt = Receipt::read(&*world.files, STATE).unwrap();
    assert!(!receipt.unfinished());
    for t in receipt.steps.values() {
        all.insert(t.step.id.clone(), format!("{:?} {:?}", t.step.with, t.undo));
    }
    for path in [format!("{STATE}/site.toml"), "/srv/videos/.kerbup/site.toml".into()] {
        all.insert(path.clone(), String::from_utf8(world.files.read(&path).unwrap()).unwrap());
    }
    all.insert("state folder".into(), world.files.list(STATE).unwrap().join(" "));
    all
}

#[tokio::test]
async fn a_change_that_failed_is_undone_and_the_site_stands_as_before() {
    let world = world();
    let (one, mut events) = drive(&world);
    assert_eq!(install(&one, &answers()).await, Ending::Done);
    let before = portrait(&world).await;
    let new = changed(&one, &answers());
    assert_eq!(install(&one, &new).await, Ending::Failed);
    // Another try with another answer fails as well: the undo goes back over both.
    assert_eq!(install(&one, &Answers { retention_days: 3, ..new }).await, Ending::Failed);
    assert!(world.engine.container("shop-agent-yard").await.unwrap().is_some());
    assert!(files::there(&*world.files, "/var/lib/kerbup/shop/before/site.toml"));

    // By a kerbup that knows of it what lies on the disk.
    let (two, mut told) = drive(&world);
    let site = two.site(Some("shop")).unwrap();
    assert!(site.receipt.stood && two.standing(&two.sites().unwrap())[0].stood);
    let undone = two.undo(&site).await.unwrap();
    assert_eq!((undone.ending, undone.changed), (Ending::Done, true), "{:?}", undone.fault);
    let after = portrait(&world).await;
    let differ: Vec<_> = before.keys().chain(after.keys()).filter(|k| before.get(*k) != after.get(*k)).collect();
    assert!(differ.is_empty(), "{differ:?}");
    let secrets = Secrets::load(&*world.files, &format!("{STATE}/secrets.toml")).unwrap();
    assert!(!secrets.names().iter().any(|n| n.starts_with("camera.")), "{:?}", secrets.names());
    let told: Vec<Event> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    assert!(told.iter().any(|e| matches!(e, Event::Loaded { answers } if answers.cameras.is_empty() && answers.vault_port != OTHER)));
    assert!(told.iter().any(|e| matches!(e, Event::StepReverted { id, .. } if id == "container:agent-yard")));
    assert!(matches!(told.last(), Some(Event::Done { ok: true, says, .. }) if says[0].contains("undone")), "{:?}", told.last());
    while events.try_recv().is_ok() {}
}

#[tokio::test]
async fn a_secret_that_the_change_replaced_is_the_old_one_again() {
    let world = world();
    let (one, _events) = drive(&world);
    let first = Answers { cameras: vec![camera(&one, "yard")], ..answers() };
    assert_eq!(install(&one, &first).await, Ending::Done);
    let new = changed(&one, &first);
    one.secrets.put("camera.yard.password", SecretString::from("another"));
    assert_eq!(install(&one, &new).await, Ending::Failed);
    let site = one.site(Some("shop")).unwrap();
    assert_eq!(one.undo(&site).await.unwrap().ending, Ending::Done);
    let kept = Secrets::load(&*world.files, &format!("{STATE}/secrets.toml")).unwrap();
    assert_eq!(kept.get("camera.yard.password").unwrap().expose_secret(), "practice");
}

#[tokio::test]
async fn a_first_install_that_failed_is_taken_down() {
    let world = world();
    let (one, _events) = drive(&world);
    assert_eq!(install(&one, &changed(&one, &answers())).await, Ending::Failed);
    let site = one.site(Some("shop")).unwrap();
    assert!(!site.receipt.stood);
    assert_eq!(one.undo(&site).await.unwrap().ending, Ending::Done);
    assert!(!files::there(&*world.files, STATE) && world.engine.containers(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_plan_tells_what_it_removes() {
    let world = world();
    let (one, _events) = drive(&world);
    let first = Answers { cameras: vec![camera(&one, "yard")], ..answers() };
    assert_eq!(install(&one, &first).await, Ending::Done);
    let removed = async |answers: &Answers| {
        let states = one.plan(answers).await.unwrap().1;
        removals(&states).map(|(id, title)| format!("{id}: {title}")).collect::<Vec<_>>()
    };
    assert!(removed(&first).await.is_empty());
    let gone = removed(&answers()).await;
    assert!(gone.contains(&"container:agent-yard: Remove the recorder of yard".to_string()), "{gone:?}");
    // The image of the recorders goes as well, and nothing else does.
    assert!(gone.iter().all(|g| g.contains("agent")), "{gone:?}");
    // What was told is what happens.
    let (two, mut told) = drive(&world);
    assert_eq!(install(&two, &answers()).await, Ending::Done);
    let told: Vec<String> = std::iter::from_fn(|| told.try_recv().ok())
        .filter_map(|e| if let Event::StepReverted { id, title } = e { Some(format!("{id}: {title}")) } else { None })
        .collect();
    assert_eq!(told.iter().collect::<std::collections::BTreeSet<_>>(), gone.iter().collect());
}

#[tokio::test]
async fn a_run_says_whether_it_installed_or_changed_and_that_the_page_waits_to_be_set_up() {
    let world = world();
    let (one, mut events) = drive(&world);
    let first = Answers { cameras: vec![camera(&one, "yard")], ..answers() };
    let says = |events: &mut UnboundedReceiver<Event>| {
        let all = std::iter::from_fn(|| events.try_recv().ok());
        all.filter_map(|e| if let Event::Done { says, .. } = e { Some(says) } else { None }).last().unwrap()
    };
    assert_eq!(install(&one, &first).await, Ending::Done);
    let installed = says(&mut events);
    assert!(installed[0] == "Installed." && installed.iter().any(|s| s == crate::words::done::NOT_SET_UP), "{installed:?}");
    assert_eq!(install(&one, &Answers { retention_days: 3, ..first }).await, Ending::Done);
    let changed = says(&mut events);
    assert!(changed[0].starts_with("Changed"), "{changed:?}");
    // A part is found by the name that tables show, a recorder by its camera's.
    let site = one.site(Some("shop")).unwrap();
    assert_eq!(["vault", "MinIO", "yard"].map(|n| one.part(&site, n).unwrap()), ["shop-vault", "shop-minio", "shop-agent-yard"]);
    assert_eq!(one.part(&site, "till").unwrap_err().code, "NO-SUCH-PART");
}

#[tokio::test]
async fn a_plan_that_keeps_fewer_days_than_wanted_says_so_at_that_step() {
    let (one, _events) = drive(&world());
    let wanted = Answers { cameras: vec![camera(&one, "yard")], retention_days: 400, ..answers() };
    one.look(&wanted).await;
    one.try_cameras(&wanted).await;
    let (plan, _) = one.plan(&wanted).await.unwrap();
    let step = plan.steps.iter().find(|s| s.kind == "bucket").unwrap();
    assert!(
        step.title == "Keep recordings 1 day" && step.why.starts_with("You asked for 400 days, and no more than 1 day fit"),
        "{step:?}"
    );
}
