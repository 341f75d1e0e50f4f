//! An image, fetched. The engine keeps the layers that are here, so a broken fetch goes on where it broke.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Kind, engine_fault, with};
use crate::model::engine::RegistryLogin;
use crate::model::event::Unit;
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::world::engine::{EngineError, Login};

/// The kind.
pub struct Image;

/// What it needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct With {
    /// Name with tag.
    pub image: String,
    /// Login, where its registry asks for one.
    pub login: Option<RegistryLogin>,
}

/// Seconds between tries: a router that starts anew takes a minute or two.
const PAUSES: [u64; 7] = [1, 4, 10, 15, 20, 30, 40];

/// Waits for the next try, saying so all the while.
async fn pause(seconds: u64, cx: &Context) {
    for waited in 0..seconds {
        let note = format!("the registry does not answer: trying again in {} s", seconds - waited);
        cx.report.progress(waited, Some(seconds), Unit::Seconds, &note);
        cx.world.clock.sleep(Duration::from_secs(1)).await;
    }
}

/// Why an image could not be fetched. That it is not there is said of the registry: no other run of kerbup's makes it.
fn fault(e: EngineError, w: &With) -> Fault {
    let EngineError::NotFound(why) = e else { return engine_fault(e, &w.image) };
    Fault::new(Whose::Network, "IMAGE-NOT-THERE", format!("{} is not in its registry.", w.image))
        .because(why)
        .cure("Where images.registry names a registry of your own: copy the image there, under this very name.")
        .cure("Else its makers took it away, and a newer kerbup names another one. What is here goes on running.")
}

#[async_trait]
impl Kind for Image {
    fn name(&self) -> &'static str {
        "image"
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let w: With = with(step)?;
        let found = cx.world.engine.image(&w.image).await.map_err(|e| engine_fault(e, &w.image))?;
        Ok(match (found, &cx.made) {
            (None, _) => StepState::Absent,
            (Some(_), Some(_)) => StepState::OursAlready,
            (Some(_), None) => StepState::AlreadyThere,
        })
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let there = cx.world.engine.image(&w.image).await.map_err(|e| engine_fault(e, &w.image))?.is_some();
        Ok(json!({ "there": there }))
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let login = match &w.login {
            Some(l) => Some(Login { server: l.server.clone(), user: l.user.clone(), password: cx.secrets.fill(&l.password)? }),
            None => None,
        };
        let report = |p: crate::model::engine::PullProgress| {
            cx.report.progress(p.done, (p.total > 0).then_some(p.total), Unit::Bytes, &format!("{} of {} layers", p.layers_done, p.layers));
        };
        let mut tries = PAUSES.iter();
        let info = loop {
            match (cx.world.engine.pull(&w.image, login.as_ref(), &report).await, tries.next()) {
                (Ok(info), _) => break info,
                // No other failure goes away by itself.
                (Err(EngineError::Registry(why)), Some(seconds)) => {
                    cx.report.log("docker", &format!("{}: {why}; trying again in {seconds} s", w.image));
                    pause(*seconds, cx).await;
                }
                (Err(e), _) => return Err(fault(e, &w)),
            }
        };
        Ok(json!({ "image": w.image, "digest": info.digest, "id": info.id, "bytes": info.size }))
    }

    async fn revert(&self, step: &Step, undo: &Value, cx: &Context) -> Result<(), Fault> {
        let w: With = with(step)?;
        if undo["there"] == json!(true) {
            return Ok(());
        }
        match cx.world.engine.remove_image(&w.image).await {
            // Somebody else's container uses it by now: it stays.
            Ok(()) | Err(EngineError::Conflict(_)) => Ok(()),
            Err(e) => Err(engine_fault(e, &w.image)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::alone;
    use crate::world::fake::{Described, Pace, Sort, Trouble, Verb, named, paced};

    const IMAGE: &str = "quay.io/minio/minio:RELEASE.2024-11-07T00-52-20Z";

    /// Fetches an image whose registry fails so often, so. Answers what came of it, what was said, and the seconds it took.
    async fn fetched(image: &str, error: Sort, times: u32) -> (Result<Value, Fault>, Vec<String>, f64) {
        let trouble = Trouble { verb: Verb::Pull, fits: "minio".into(), times, error, says: "dial tcp: i/o timeout".into(), listens: None };
        // Slow enough that a fetch breaks in its midst.
        let machine = Described { trouble: vec![trouble], downloads: 10_000_000, ..named("server").unwrap() };
        let world = paced(machine, Pace::Speed(200.0)).0;
        let (cx, heard) = alone::context(world.clone());
        let step = alone::step("image", "image", &With { image: image.into(), login: None });
        let since = world.clock.ticks();
        let result = Image.apply(&step, &cx).await;
        (result, heard.all(), world.clock.ticks() - since)
    }

    #[tokio::test]
    async fn a_registry_that_is_away_for_a_while_is_waited_for() {
        let (result, said, _) = fetched(IMAGE, Sort::Registry, 5).await;
        assert_eq!(result.unwrap()["image"], IMAGE);
        let tries: Vec<&String> = said.iter().filter(|s| s.starts_with(IMAGE)).collect();
        assert!(tries.len() == 5 && tries[0].ends_with("trying again in 1 s") && tries[4].ends_with("trying again in 20 s"), "{tries:?}");
        assert!(said.contains(&"the registry does not answer: trying again in 7 s".to_string()), "{said:?}");
    }

    #[tokio::test]
    async fn one_that_stays_away_is_given_up_after_two_minutes() {
        let (result, _, seconds) = fetched(IMAGE, Sort::Registry, 100).await;
        let fault = result.unwrap_err();
        assert_eq!((fault.code.as_str(), fault.whose), ("REGISTRY-UNREACHABLE", Whose::Network));
        assert_eq!(PAUSES.iter().sum::<u64>(), 120);
        assert!(seconds >= 120.0, "{seconds}");
    }

    #[tokio::test]
    async fn what_no_waiting_mends_is_said_at_once() {
        for (error, code, whose) in [
            (Sort::Limited, "RATE-LIMIT", Whose::Network),
            (Sort::NotFound, "IMAGE-NOT-THERE", Whose::Network),
            (Sort::Login, "REGISTRY-LOGIN", Whose::Network),
            (Sort::Insecure, "REGISTRY-NOT-TRUSTED", Whose::Network),
            (Sort::Platform, "IMAGE-OTHER-PROCESSOR", Whose::Machine),
            (Sort::DiskFull, "DISK-FULL", Whose::Machine),
        ] {
            let (result, said, _) = fetched(IMAGE, error, 1).await;
            let fault = result.unwrap_err();
            assert_eq!((fault.code.as_str(), fault.whose), (code, whose));
            assert_eq!(fault.because, ["dial tcp: i/o timeout"]);
            assert!(!said.iter().any(|s| s.contains("again")), "{said:?}");
        }
        // A tag that no registry has.
        let fault = fetched("quay.io/nobody/nothing:1", Sort::Other, 0).await.0.unwrap_err();
        assert!(fault.code == "IMAGE-NOT-THERE" && fault.says.contains("nobody/nothing:1") && fault.cure.len() == 2, "{fault:?}");
    }
}
