//! An image, fetched. The engine keeps the layers that are here, so a broken fetch goes on where it broke.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Kind, engine_fault, with};
use crate::model::engine::RegistryLogin;
use crate::model::event::Unit;
use crate::model::fault::Fault;
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

/// Seconds between tries.
const PAUSES: [u64; 3] = [1, 4, 10];

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
                (Err(EngineError::Registry(why)), Some(pause)) => {
                    cx.report.log("docker", &format!("{}: {why}; trying again in {pause} s", w.image));
                    cx.world.clock.sleep(Duration::from_secs(*pause)).await;
                }
                (Err(e), _) => return Err(engine_fault(e, &w.image)),
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
