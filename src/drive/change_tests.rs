//! Answers of a standing site that are changed, on described machines: what is made anew for it, and what is refused.

use std::net::Ipv4Addr;

use secrecy::ExposeSecret as _;
use tokio::sync::mpsc::unbounded_channel;

use super::Drive;
use super::proof::Wait;
use crate::model::answers::{Answers, Service};
use crate::model::engine::{ContainerSpec, NetworkSpec};
use crate::model::fact::Fact;
use crate::model::fault::Whose;
use crate::model::journal::Ending;
use crate::model::plan::{Risk, StepState};
use crate::recipe::load;
use crate::world::fake::{Described, Pace, named, paced};

/// A described machine on which nothing goes wrong, with a site on it.
async fn standing() -> (Drive, Answers) {
    let mut machine = Described { trouble: vec![], ..named("lxc").unwrap() };
    machine.host.listeners = Fact::known(vec![], "nothing listens");
    let world = paced(machine, Pace::Speed(300.0)).0;
    let drive = Drive::new(world, load::embedded().unwrap(), "/var/lib/kerbup".into(), unbounded_channel().0);
    let answers = Answers { site: "shop".into(), path: "/srv/videos".into(), ..Answers::default() };
    run(&drive, &answers).await;
    (drive, answers)
}

async fn run(drive: &Drive, answers: &Answers) {
    drive.look(answers).await;
    let (plan, _) = drive.plan(answers).await.unwrap();
    let ran = drive.install(answers, &plan, Wait::No).await.unwrap();
    assert_eq!((ran.ending, ran.changed), (Ending::Done, true), "{ran:?}");
}

/// Steps that would change something. A described video store does not keep its rule.
async fn changes(drive: &Drive, answers: &Answers) -> Vec<String> {
    let (_, states) = drive.plan(answers).await.unwrap();
    let stands = |s: &StepState| matches!(s, StepState::OursAlready | StepState::AlreadyThere);
    states.into_iter().filter(|(id, s)| !stands(s) && !id.starts_with("bucket:")).map(|(id, _)| id).collect()
}

async fn subnet(drive: &Drive) -> Option<String> {
    drive.world.engine.networks().await.unwrap().into_iter().find(|n| n.name == "shop")?.subnet
}

/// Name and address of each part.
async fn addresses(drive: &Drive) -> Vec<(String, Ipv4Addr)> {
    let all = drive.world.engine.containers(Some(("io.kerbup.site", "shop"))).await.unwrap();
    all.into_iter().map(|c| (c.name, c.addresses["shop"].parse().unwrap())).collect()
}

fn named_subnet(answers: &Answers, subnet: &str) -> Answers {
    Answers { subnet: Some(subnet.into()), ..answers.clone() }
}

#[tokio::test]
async fn another_subnet_makes_the_network_and_all_on_it_anew() {
    let (drive, answers) = standing().await;
    let (was, parts) = (subnet(&drive).await.unwrap(), addresses(&drive).await);
    assert_eq!(was, "10.210.0.0/24");
    let other = named_subnet(&answers, "172.31.5.0/24");
    let (plan, _) = drive.plan(&other).await.unwrap();
    let network = plan.step("network").unwrap();
    assert_eq!((network.with.text("subnet").as_deref(), network.risk), (Some("172.31.5.0/24"), Risk::Restart));
    assert!(network.title.contains("anew") && network.why.contains(&was), "{network:?}");
    assert!(network.preview.by_hand.iter().any(|l| l == "docker network rm shop"), "{:?}", network.preview.by_hand);
    assert_eq!(
        changes(&drive, &other).await,
        ["container:minio", "container:mongodb", "container:vault", "network"],
        "what is shown is what happens"
    );
    assert_eq!(subnet(&drive).await, Some(was), "a plan changes nothing");

    run(&drive, &other).await;
    assert_eq!(subnet(&drive).await.as_deref(), Some("172.31.5.0/24"));
    let now = addresses(&drive).await;
    assert_eq!(now.len(), parts.len());
    assert!(now.iter().all(|(_, a)| a.octets()[..3] == [172, 31, 5]), "{now:?}");
    // Twice changes nothing, and who names none keeps it.
    for again in [&other, &answers] {
        assert!(changes(&drive, again).await.is_empty());
        assert_eq!(drive.plan(again).await.unwrap().0.step("network").unwrap().with.text("subnet").as_deref(), Some("172.31.5.0/24"));
    }
}

#[tokio::test]
async fn recordings_stay_in_their_folder_unless_somebody_moved_them() {
    let (drive, answers) = standing().await;
    let f = drive.world.files.clone();
    f.write("/srv/videos/mongodb/data/kept", b"recorded", 0o600).unwrap();
    let site = f.read("/var/lib/kerbup/shop/site.toml").unwrap();
    let other = Answers { path: "/mnt/big/videos".into(), ..answers.clone() };
    let fault = drive.plan(&other).await.unwrap_err();
    assert_eq!((fault.code.as_str(), fault.whose), ("FOLDER-KEPT", Whose::Input));
    let cures = fault.cure.join(" ");
    assert!(
        cures.contains("/srv/videos") && cures.contains("uninstall") && cures.contains("sudo mv /srv/videos /mnt/big/videos"),
        "{cures}"
    );
    assert_eq!(f.read("/var/lib/kerbup/shop/site.toml").unwrap(), site);
    assert_eq!(drive.sites().unwrap()[0].receipt.folder().as_deref(), Some("/srv/videos"));
    assert!(drive.plan(&Answers { path: "/srv/videos/".into(), ..answers.clone() }).await.is_ok());

    // The way that the words name: taken down, moved by hand, installed again with what was recorded.
    let site = drive.site(Some("shop")).unwrap();
    assert_eq!(drive.uninstall(&site, false, false).await.unwrap().ending, Ending::Done);
    f.create_folder("/mnt/big", 0o755).unwrap();
    f.rename("/srv/videos", "/mnt/big/videos").unwrap();
    let password = drive.secrets.get("vault.password").map(|p| p.expose_secret().to_string());
    drive.secrets.forget("vault.password");
    run(&drive, &other).await;
    assert_eq!(drive.secrets.get("vault.password").map(|p| p.expose_secret().to_string()), password);
}

#[tokio::test]
async fn a_change_of_subnet_that_was_cut_off_goes_on() {
    let (drive, answers) = standing().await;
    let other = named_subnet(&answers, "172.31.5.0/24");
    let (plan, _) = drive.plan(&other).await.unwrap();
    // As far as the network is gone, and one of its parts not yet made anew.
    let cut = drive.clone();
    let (with, accepted) = (other.clone(), plan.clone());
    let running = tokio::spawn(async move { cut.install(&with, &accepted, Wait::No).await });
    while drive.world.engine.container("shop-vault").await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    running.abort();
    let _ = running.await;
    let site = drive.site(Some("shop")).unwrap();
    assert!(site.receipt.unfinished());
    assert_eq!(drive.resume(&site, Wait::No).await.unwrap().ending, Ending::Done);
    assert_eq!(subnet(&drive).await.as_deref(), Some("172.31.5.0/24"));
    assert_eq!(addresses(&drive).await.len(), 3);
    let site = drive.site(Some("shop")).unwrap();
    assert_eq!(drive.uninstall(&site, true, false).await.unwrap().ending, Ending::Done);
    assert!(subnet(&drive).await.is_none() && addresses(&drive).await.is_empty());
}

#[tokio::test]
async fn a_subnet_that_cannot_be_had_takes_nothing_away() {
    let (drive, answers) = standing().await;
    let engine = &drive.world.engine;
    let (was, parts) = (subnet(&drive).await, addresses(&drive).await);
    let other = named_subnet(&answers, "172.31.5.0/24");
    let (plan, _) = drive.plan(&other).await.unwrap();

    // A container of somebody's on the site's network.
    let image = engine.containers(None).await.unwrap()[0].image.clone();
    let guest = ContainerSpec { name: "guest".into(), image, network: "shop".into(), ..ContainerSpec::default() };
    engine.create(&guest, &[]).await.unwrap();
    engine.start("guest").await.unwrap();
    let ran = drive.install(&other, &plan, Wait::AsUsual).await.unwrap();
    let fault = ran.fault.unwrap();
    assert_eq!((ran.ending, fault.code.as_str()), (Ending::Failed, "NETWORK-IN-USE"));
    assert!(fault.because[0].contains("guest") && fault.cure[0].contains("docker network disconnect shop guest"), "{fault:?}");
    assert_eq!((subnet(&drive).await, addresses(&drive).await), (was.clone(), parts.clone()));

    // Somebody's network took the range since: said before anything goes, and by the next plan.
    engine.remove("guest").await.unwrap();
    engine
        .create_network(&NetworkSpec { name: "theirs".into(), subnet: Some("172.31.0.0/16".into()), ..NetworkSpec::default() })
        .await
        .unwrap();
    assert_eq!(drive.install(&other, &plan, Wait::AsUsual).await.unwrap().fault.unwrap().code, "SUBNET-TAKEN");
    assert_eq!(drive.plan(&other).await.unwrap_err().code, "SUBNET-TAKEN");
    assert_eq!((subnet(&drive).await, addresses(&drive).await), (was, parts));
}

#[tokio::test]
async fn a_store_of_ones_own_is_left_to_its_owner_and_that_is_said() {
    let (drive, answers) = standing().await;
    let said = async |drive: &Drive| {
        let site = drive.site(Some("shop")).unwrap();
        crate::words::vault::set_up(&drive.snapshot(&site).await.unwrap(), None).join("\n")
    };
    let bundled = said(&drive).await;
    assert!(bundled.contains("hostname minio:9000") && !bundled.contains("object_storage"), "{bundled}");

    let settings = [("endpoint", "https://s3.example.org"), ("bucket", "cameras")].map(|(k, v)| (k.to_string(), v.to_string()));
    let own = Answers { object_storage: Service::External { settings: settings.into() }, ..answers.clone() };
    let (plan, _) = drive.plan(&own).await.unwrap();
    assert!(plan.steps.iter().all(|s| s.kind != "bucket" && s.id != "container:minio"));
    let note = plan.notes.iter().find(|n| n.contains("s3.example.org")).unwrap();
    assert!(note.contains("bucket cameras") && note.contains("30 days"), "{note}");
    run(&drive, &own).await;
    let theirs = said(&drive).await;
    assert!(theirs.contains("kerbup passwords object_storage.access_key") && !theirs.contains("minio:9000"), "{theirs}");
}
