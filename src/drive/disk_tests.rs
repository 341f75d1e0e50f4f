//! A site whose disk is not there, or whose machine changed around its data, on described machines.

use tokio::sync::mpsc::unbounded_channel;

use super::Drive;
use super::proof::Wait;
use crate::model::answers::Answers;
use crate::model::fact::Fact;
use crate::model::journal::Ending;
use crate::model::plan::StepState;
use crate::recipe::load;
use crate::world::fake::{Described, Pace, named, paced};

const MARK: &str = "/srv/videos/.kerbup/site";

/// A described machine on which nothing goes wrong, with a site on it that recorded something.
async fn standing() -> (Drive, Answers) {
    let mut machine = Described { trouble: vec![], ..named("server").unwrap() };
    machine.host.listeners = Fact::known(vec![], "nothing listens");
    machine.host.kernel = Fact::known("6.1.0-30-amd64".into(), "a test");
    let world = paced(machine, Pace::Speed(300.0)).0;
    let drive = Drive::new(world, load::embedded().unwrap(), "/var/lib/kerbup".into(), unbounded_channel().0);
    let answers = Answers { site: "shop".into(), path: "/srv/videos".into(), ..Answers::default() };
    drive.look(&answers).await;
    let (plan, _) = drive.plan(&answers).await.unwrap();
    assert_eq!(drive.install(&answers, &plan, Wait::No).await.unwrap().ending, Ending::Done);
    drive.world.files.write("/srv/videos/minio/data/recorded", b"a film", 0o600).unwrap();
    (drive, answers)
}

async fn parts(drive: &Drive) -> usize {
    drive.world.engine.containers(Some(("io.kerbup.site", "shop"))).await.unwrap().len()
}

fn recorded(drive: &Drive) -> bool {
    drive.world.files.read("/srv/videos/minio/data/recorded").is_ok()
}

#[tokio::test]
async fn nothing_is_deleted_from_a_disk_that_is_not_the_sites() {
    for mark in [None, Some("other\n")] {
        let (drive, _) = standing().await;
        match mark {
            // The disk is unplugged, and what lies at that path is the folder below its mount.
            None => drive.world.files.remove_file(MARK).unwrap(),
            Some(other) => drive.world.files.write(MARK, other.as_bytes(), 0o600).unwrap(),
        }
        let site = drive.site(Some("shop")).unwrap();
        let fault = drive.uninstall(&site, true, false).await.unwrap_err();
        assert_eq!(fault.code, "DISK-MISSING");
        assert!(fault.cure.iter().any(|c| c.contains("Plug in") && c.contains("--purge-data")), "{fault:?}");
        assert_eq!(parts(&drive).await, 3, "told before anything goes");
        assert!(drive.site(Some("shop")).unwrap().receipt.purpose != Some(crate::model::journal::Purpose::Uninstall));
        // Without the recordings it goes, and what is there stays as it is.
        assert_eq!(drive.uninstall(&site, false, false).await.unwrap().ending, Ending::Done);
        assert_eq!(parts(&drive).await, 0);
        assert!(recorded(&drive) && drive.site(Some("shop")).is_err());
        assert_eq!(drive.world.files.read(MARK).ok().as_deref(), mark.map(str::as_bytes));
    }
}

#[tokio::test]
async fn a_purge_that_was_cut_with_the_mark_gone_is_finished() {
    let (drive, _) = standing().await;
    // As a power cut leaves it: the mark is gone with what it was for, and the journal does not say so yet.
    drive.world.files.remove_file(MARK).unwrap();
    let site = drive.site(Some("shop")).unwrap();
    assert_eq!(drive.uninstall(&site, true, false).await.unwrap_err().code, "DISK-MISSING", "nobody began to remove it");
    drive.world.files.write("/var/lib/kerbup/shop/folder-goes", b"", 0o600).unwrap();
    assert_eq!(drive.uninstall(&site, true, false).await.unwrap().ending, Ending::Done);
    assert!(!recorded(&drive) && drive.site(Some("shop")).is_err());
    assert!(drive.world.files.list("/srv/videos").is_err(), "the folder goes with it");
}

#[tokio::test]
async fn a_removal_notes_that_the_folder_goes_and_an_install_that_it_stays() {
    let (drive, _) = standing().await;
    let site = drive.site(Some("shop")).unwrap();
    // Held where the mark is gone and the journal does not say so yet.
    let note = "/var/lib/kerbup/shop/folder-goes";
    let step = crate::step::kind("storage").unwrap();
    let trace = &site.receipt.steps["storage"];
    let cx = crate::step::Context { purge: true, made: trace.made.clone(), ..drive.context("shop".into()) };
    step.revert(&trace.step, trace.undo.as_ref().unwrap(), &cx).await.unwrap();
    assert!(drive.world.files.read(note).is_ok() && drive.world.files.read(MARK).is_err());
    step.apply(&trace.step, &cx).await.unwrap();
    assert!(drive.world.files.read(note).is_err() && drive.world.files.read(MARK).is_ok());
}

#[tokio::test]
async fn a_machine_that_changed_keeps_the_program_that_reads_its_data() {
    let (drive, answers) = standing().await;
    let image = async |drive: &Drive| {
        let (plan, states) = drive.plan(&answers).await.unwrap();
        let database = plan.steps.iter().find(|s| s.id.starts_with("image:") && s.id.contains("mongo")).unwrap().id.clone();
        let note = plan.notes.iter().find(|n| n.contains("mongo")).cloned().unwrap_or_default();
        (database, note, states["container:mongodb"] == StepState::OursAlready)
    };
    let stood = image(&drive).await;
    assert!(stood.0.ends_with("mongo:8.0.15") && stood.2, "{stood:?}");
    // Moved to a processor without AVX: 4.4 would be chosen for it, and cannot read what is there.
    drive.memory().host.cpu.features = Fact::known(vec!["sse4_2".into()], "a test");
    let (id, note, same) = image(&drive).await;
    assert!(
        id.ends_with("mongo:8.0.15") && note.contains("what it keeps here is of version 8.0, although this processor has no AVX") && same,
        "{id} {note}"
    );
    // The other way: 4.4 stays with what 4.4 wrote, since no newer one takes that over at once.
    drive.world.files.write("/srv/videos/.kerbup/version-mongodb", b"4.4\n", 0o600).unwrap();
    drive.memory().host.cpu.features = Fact::known(vec!["avx".into(), "sse4_2".into()], "a test");
    let (id, note, _) = image(&drive).await;
    assert!(id.ends_with("mongo:4.4.18") && note.contains("of version 4.4"), "{id} {note}");
    // What is one version behind is raised, as before.
    drive.world.files.write("/srv/videos/.kerbup/version-mongodb", b"7.0\n", 0o600).unwrap();
    assert!(image(&drive).await.0.ends_with("mongo:8.0.15"));
}

#[tokio::test]
async fn a_link_that_leads_nowhere_gives_way_to_one_that_works() {
    let (drive, answers) = standing().await;
    let (f, link) = (drive.world.files.clone(), "/usr/local/bin/kerbup");
    assert_eq!(f.read_link(link).unwrap(), "/var/lib/kerbup/shop/kerbup");
    let install = async || {
        let (plan, _) = drive.plan(&answers).await.unwrap();
        assert_eq!(drive.install(&answers, &plan, Wait::No).await.unwrap().ending, Ending::Done);
        f.read_link(link).ok()
    };
    for (theirs, there, after) in [
        // The folder of a site was deleted by hand; and somebody's own build, which is there, stays.
        ("/var/lib/kerbup/gone/kerbup", false, "/var/lib/kerbup/shop/kerbup"),
        ("/opt/build/kerbup", true, "/opt/build/kerbup"),
    ] {
        f.remove_file(link).unwrap();
        f.remove_file("/var/lib/kerbup/shop/kerbup").unwrap();
        f.link(theirs, link).unwrap();
        if there {
            f.create_folder("/opt/build", 0o755).unwrap();
            f.write(theirs, b"a build", 0o755).unwrap();
        }
        assert_eq!(install().await.as_deref(), Some(after));
    }
}

#[tokio::test]
async fn one_part_that_cannot_be_stopped_keeps_no_other_running() {
    let (drive, _) = standing().await;
    let site = drive.site(Some("shop")).unwrap();
    drive.world.engine.stop("shop-vault").await.unwrap();
    drive.world.engine.remove("shop-vault").await.unwrap();
    assert!(drive.switch(&site, false).await.is_err(), "what is not there is told");
    for part in ["shop-minio", "shop-mongodb"] {
        assert_eq!(drive.world.engine.container(part).await.unwrap().unwrap().state, crate::model::engine::ContainerState::Exited);
    }
    // While it is stopped there is nothing to guard, and nobody is told of a failure each hour.
    assert!(drive.guard(&site).await.unwrap().contains("is stopped"));
}

#[tokio::test]
async fn a_new_password_brings_nothing_else_with_it() {
    let (drive, answers) = standing().await;
    let spec = async |name: &str| drive.world.engine.container(name).await.unwrap().unwrap();
    let before = (spec("shop-minio").await.id, spec("shop-mongodb").await.id, spec("shop-vault").await.id);
    // The machine would be planned for in another way by now.
    drive.memory().host.cpu.features = Fact::unknown("not asked");
    let site = drive.site(Some("shop")).unwrap();
    let plan = super::standing::plan_of(&site).unwrap().clone();
    let ran = drive.install_renewed(&answers, &plan, "vault.password").await.unwrap();
    assert_eq!(ran.ending, Ending::Done, "{ran:?}");
    let after = (spec("shop-minio").await.id, spec("shop-mongodb").await.id, spec("shop-vault").await.id);
    assert_eq!((&before.0, &before.1), (&after.0, &after.1));
    assert_ne!(before.2, after.2);
}
