//! The site's own network in the engine.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Context, Kind, engine_fault, with};
use crate::model::engine::NetworkSpec;
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};

/// The kind. `with` is a `NetworkSpec`.
pub struct Network;

async fn standing(spec: &NetworkSpec, cx: &Context) -> Result<Option<NetworkSpec>, Fault> {
    let all = cx.world.engine.networks().await.map_err(|e| engine_fault(e, "the list of networks"))?;
    Ok(all.into_iter().find(|n| n.name == spec.name))
}

fn ours(labels: &BTreeMap<String, String>, cx: &Context) -> bool {
    labels.get("io.kerbup.site") == Some(&cx.site)
}

#[async_trait]
impl Kind for Network {
    fn name(&self) -> &'static str {
        "network"
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let spec: NetworkSpec = with(step)?;
        match standing(&spec, cx).await? {
            None => Ok(StepState::Absent),
            Some(n) if ours(&n.labels, cx) => Ok(StepState::OursAlready),
            Some(n) => {
                Err(Fault::new(Whose::Machine, "NAME-TAKEN", format!("There is a network {} already that kerbup did not make.", n.name))
                    .cure("Give this site another name, or remove that network: docker network rm NAME"))
            }
        }
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let spec: NetworkSpec = with(step)?;
        Ok(json!({ "there": standing(&spec, cx).await?.is_some() }))
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let spec: NetworkSpec = with(step)?;
        if standing(&spec, cx).await?.is_none() {
            cx.world.engine.create_network(&spec).await.map_err(|e| engine_fault(e, &format!("the network {}", spec.name)))?;
        }
        Ok(json!({ "network": spec.name, "subnet": spec.subnet }))
    }

    async fn revert(&self, step: &Step, _undo: &Value, cx: &Context) -> Result<(), Fault> {
        let spec: NetworkSpec = with(step)?;
        if standing(&spec, cx).await?.is_some_and(|n| ours(&n.labels, cx)) {
            cx.world.engine.remove_network(&spec.name).await.map_err(|e| engine_fault(e, &format!("the network {}", spec.name)))?;
        }
        Ok(())
    }
}
