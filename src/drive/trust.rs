//! A registry of one's own: the certificates it is trusted by, and what an earlier run told Docker of it.

use super::Drive;
use crate::model::answers::Answers;
use crate::model::fault::{Fault, Whose};
use crate::model::registry;
use crate::run::Receipt;
use crate::step::{self, Neighbour, registry::Trust, registry::With};
use crate::target::docker::authority;

/// What an earlier run told Docker of the registry of these answers.
fn earlier(answers: &Answers, receipt: &Receipt) -> Vec<Trust> {
    let Some(host) = answers.images.registry.as_deref().map(registry::host) else { return vec![] };
    let begun = receipt.steps.values().filter(|t| t.step.kind == "registry" && t.undo.is_some());
    begun.filter_map(|t| step::with::<With>(&t.step).ok()).filter(|w| w.host == host).map(|w| w.trust).collect()
}

/// Docker was told that the registry speaks plain HTTP, by this site or another one of kerbup's: then it is a step of this one
/// too, and whichever goes last takes it back.
pub(super) fn told(answers: &Answers, receipt: &Receipt, neighbours: &[Neighbour]) -> bool {
    let Some(host) = answers.images.registry.as_deref().map(registry::host) else { return false };
    let theirs = neighbours.iter().flat_map(|n| &n.steps).filter(|(s, _)| s.kind == "registry");
    let theirs = theirs.filter_map(|(s, _)| step::with::<With>(s).ok()).filter(|w| w.host == host).map(|w| w.trust);
    earlier(answers, receipt).into_iter().chain(theirs).any(|t| matches!(t, Trust::Plain { .. }))
}

impl Drive {
    /// The certificates of images.ca. Once Docker has them, the file need not stay: it may have come on a stick.
    pub(super) fn authority(&self, answers: &Answers, receipt: &Receipt) -> Result<Option<String>, Fault> {
        let images = &answers.images;
        let (Some(path), Some(host)) = (&images.ca, images.registry.as_deref().map(registry::host)) else { return Ok(None) };
        let fault = |says: String| {
            Fault::new(Whose::Input, "REGISTRY-CA", says).cure(format!(
                "images.ca names the certificate of the authority that signed the one of {host}, as a PEM file that kerbup may read."
            ))
        };
        let bytes = match self.papers.read(path) {
            Ok(bytes) => bytes,
            Err(e) => {
                let known = earlier(answers, receipt).into_iter().find_map(|t| match t {
                    Trust::Authority { pem } => Some(pem),
                    Trust::Plain { .. } => None,
                });
                return known.map(Some).ok_or_else(|| fault(format!("images.ca: {path} cannot be read.")).because(e.to_string()));
            }
        };
        authority::certificates(&bytes).map(Some).map_err(|why| fault(format!("images.ca: {path} {why}.")))
    }

    /// The same for a first look, which asks no more of a file than it has.
    pub(super) fn authority_if_any(&self, answers: &Answers) -> Option<String> {
        self.authority(answers, &Receipt::default()).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::super::proof::Wait;
    use super::*;
    use crate::model::answers::Images;
    use crate::model::check::Status;
    use crate::model::event::Event;
    use crate::model::host::{DockerFlavour, DockerPresence};
    use crate::model::journal::Ending;
    use crate::model::plan::StepState;
    use crate::recipe::load;
    use crate::world::fake::{Described, Pace, named, paced};
    use crate::world::files::Files;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END CERTIFICATE-----\n";
    const FILE: &str = "/etc/docker/daemon.json";
    const CA: &str = "/etc/docker/certs.d/nas:5000/ca.crt";

    fn drive(change: impl FnOnce(&mut Described)) -> Drive {
        let mut machine = Described { trouble: vec![], ..named("server").unwrap() };
        machine.host.listeners = crate::model::fact::Fact::known(vec![], "nothing listens");
        machine.files.insert("/root/ca.pem".into(), format!("Ours\n{PEM}"));
        machine.files.insert("/root/key.pem".into(), "-----BEGIN PRIVATE KEY-----\nMAMCAQg=\n-----END PRIVATE KEY-----\n".into());
        machine.files.insert(FILE.into(), "{\"debug\": true}".into());
        change(&mut machine);
        let world = paced(machine, Pace::Speed(300.0)).0;
        Drive::new(world, load::embedded().unwrap(), "/var/lib/kerbup".into(), unbounded_channel::<Event>().0)
    }

    fn answers(insecure: bool, ca: Option<&str>) -> Answers {
        let images = Images { registry: Some("nas:5000".into()), insecure, ca: ca.map(Into::into), user: None };
        Answers { site: "shop".into(), path: "/srv/videos".into(), images, ..Answers::default() }
    }

    fn text(f: &dyn Files, path: &str) -> Option<String> {
        f.read(path).ok().map(|b| String::from_utf8(b).unwrap())
    }

    fn check(drive: &Drive, answers: &Answers, id: &str) -> (Status, String) {
        let found = drive.check(answers).into_iter().find(|c| c.id == id).unwrap();
        (found.status, format!("{} {}", found.seen, found.advice))
    }

    #[tokio::test]
    async fn an_install_tells_docker_and_a_rerun_keeps_it_told() {
        let drive = drive(|_| {});
        let f = drive.world.files.clone();
        let answers = answers(true, Some("/root/ca.pem"));
        drive.look(&answers).await;
        assert_eq!(check(&drive, &answers, "http-registry-https-client").0, Status::Pass);
        let (plan, _) = drive.plan(&answers).await.unwrap();
        let image = plan.steps.iter().find(|s| s.kind == "image").unwrap();
        assert_eq!(image.after, ["registry:plain", "registry:ca:nas:5000"]);
        let shown = serde_json::to_string(&plan).unwrap();
        assert!(shown.contains("sudoedit /etc/docker/daemon.json") && shown.contains("sudo install -m 644 /root/ca.pem"), "{shown}");
        let ran = drive.install(&answers, &plan, Wait::AsUsual).await.unwrap();
        assert_eq!(ran.ending, Ending::Done, "{ran:?}");
        assert_eq!(text(&*f, FILE).unwrap(), "{\n  \"debug\": true,\n  \"insecure-registries\": [\n    \"nas:5000\"\n  ]\n}\n");
        assert_eq!(text(&*f, CA).unwrap(), PEM);
        assert!(drive.world.engine.info().await.unwrap().insecure_registries.contains(&"nas:5000".to_string()));

        // Also when Docker names it by now, and the file of the authority is gone.
        f.remove_file("/root/ca.pem").unwrap();
        drive.look(&answers).await;
        assert!(check(&drive, &answers, "http-registry-https-client").1.contains("takes nas:5000"));
        let (again, states) = drive.plan(&answers).await.unwrap();
        let ours: Vec<_> = states.iter().filter(|(id, _)| id.starts_with("registry:")).map(|(_, state)| state.clone()).collect();
        assert_eq!(ours, [StepState::OursAlready, StepState::OursAlready]);
        assert_eq!(drive.install(&answers, &again, Wait::AsUsual).await.unwrap().ending, Ending::Done);
        assert_eq!(text(&*f, CA).unwrap(), PEM);

        // Answers that no longer want it take it back, in the file and in the Docker that runs.
        let without = Answers { images: Images { insecure: false, ca: None, ..answers.images.clone() }, ..answers.clone() };
        drive.look(&without).await;
        let (less, _) = drive.plan(&without).await.unwrap();
        assert_eq!(drive.install(&without, &less, Wait::AsUsual).await.unwrap().ending, Ending::Done);
        assert_eq!((text(&*f, FILE).unwrap().as_str(), text(&*f, CA)), ("{\"debug\": true}", None));
        assert_eq!(drive.world.engine.info().await.unwrap().insecure_registries, ["127.0.0.0/8"]);
        assert!(f.meta("/etc/docker/certs.d").is_err());
    }

    #[tokio::test]
    async fn a_file_without_certificates_stops_the_plan() {
        let drive = drive(|_| {});
        for (path, says) in
            [("/root/none.pem", "cannot be read"), ("/root/key.pem", "holds no certificate"), (FILE, "holds no certificate")]
        {
            let fault = drive.plan(&answers(false, Some(path))).await.unwrap_err();
            assert_eq!((fault.code.as_str(), fault.whose), ("REGISTRY-CA", Whose::Input));
            assert!(fault.says.contains("images.ca") && fault.says.contains(path) && fault.says.contains(says), "{fault:?}");
        }
    }

    #[tokio::test]
    async fn settings_that_cannot_be_read_stop_the_plan_before_anything_is_changed() {
        let drive = drive(|d| drop(d.files.insert(FILE.into(), "{\"debug\": true,}".into())));
        drive.look(&answers(true, None)).await;
        let fault = drive.plan(&answers(true, None)).await.unwrap_err();
        assert_eq!(fault.code, "DOCKER-SETTINGS-BROKEN");
        assert_eq!(text(&*drive.world.files, FILE).unwrap(), "{\"debug\": true,}");
    }

    #[tokio::test]
    async fn loopback_another_flavour_and_a_docker_that_knows_it_need_no_step() {
        let steps = async |drive: &Drive, answers: &Answers| {
            drive.look(answers).await;
            drive.plan(answers).await.unwrap().0.steps.iter().filter(|s| s.kind == "registry").count()
        };
        let engine = |change: fn(&mut crate::model::host::DockerEngine)| {
            drive(|d| {
                let mut engine = match d.host.docker.get() {
                    Some(DockerPresence::Running(engine)) => engine.clone(),
                    other => panic!("{other:?}"),
                };
                change(&mut engine);
                d.host.docker = crate::model::fact::Fact::known(DockerPresence::Running(engine), "told");
            })
        };
        let wanted = answers(true, Some("/root/ca.pem"));
        assert_eq!(steps(&engine(|_| {}), &wanted).await, 2);
        assert_eq!(steps(&engine(|e| e.insecure_registries.push("nas:5000".into())), &wanted).await, 1, "the certificates alone");
        assert_eq!(steps(&engine(|e| e.flavour = DockerFlavour::Snap), &wanted).await, 0);
        for own in ["localhost:5000", "127.0.0.2:5000/x", "[::1]:5000"] {
            let images = Images { registry: Some(own.into()), ..wanted.images.clone() };
            assert_eq!(steps(&engine(|_| {}), &Answers { images, ..wanted.clone() }).await, 0, "{own}");
        }
    }

    #[tokio::test]
    async fn a_docker_that_is_missing_yet_is_told_once_it_is_there() {
        let machine = Described { trouble: vec![], ..named("nuc").unwrap() };
        let world = paced(machine, Pace::Speed(300.0)).0;
        let drive = Drive::new(world, load::embedded().unwrap(), "/var/lib/kerbup".into(), unbounded_channel::<Event>().0);
        let answers = answers(true, None);
        drive.look(&answers).await;
        let (plan, _) = drive.plan(&answers).await.unwrap();
        assert_eq!(plan.step("registry:plain").unwrap().after, ["docker"]);
        assert!(plan.steps.iter().filter(|s| s.kind == "image").all(|s| s.after == ["docker", "registry:plain"]));
        let ran = drive.install(&answers, &plan, Wait::AsUsual).await.unwrap();
        assert!(drive.world.engine.info().await.unwrap().insecure_registries.contains(&"nas:5000".to_string()), "{ran:?}");
    }
}
