//! The site's own network in the engine. Its subnet cannot be changed while it stands: where another one is wanted, the site's
//! containers and the network go, and are made anew.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Context, Kind, engine_fault, with};
use crate::model::engine::{NetworkSpec, Observed};
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::model::subnet::Subnet;

/// The kind. `with` is a `NetworkSpec`.
pub struct Network;

async fn standing(spec: &NetworkSpec, cx: &Context) -> Result<Option<NetworkSpec>, Fault> {
    let all = cx.world.engine.networks().await.map_err(|e| engine_fault(e, "the list of networks"))?;
    Ok(all.into_iter().find(|n| n.name == spec.name))
}

/// The label of a site is on it.
pub fn ours(labels: &BTreeMap<String, String>, site: &str) -> bool {
    labels.get("io.kerbup.site").is_some_and(|s| s == site)
}

/// The subnet that the network has, where it is another one than the wanted.
fn other_subnet<'a>(spec: &NetworkSpec, there: &'a NetworkSpec) -> Option<&'a str> {
    let (wanted, has) = (spec.subnet.as_deref()?, there.subnet.as_deref()?);
    (Subnet::parse(wanted)? != Subnet::parse(has)?).then_some(has)
}

/// Another network of the engine has addresses of the wanted subnet.
pub fn taken<'a>(subnet: &str, mut others: impl Iterator<Item = &'a str>) -> Option<Fault> {
    let wanted = Subnet::parse(subnet)?;
    let other = others.find(|o| Subnet::parse(o).is_some_and(|r| r.overlaps(&wanted)))?;
    Some(
        Fault::new(Whose::Input, "SUBNET-TAKEN", format!("network.subnet {subnet} overlaps {other}, which Docker uses already."))
            .cure("Name a range that nobody uses, such as 10.210.7.0/24, or leave network.subnet out: kerbup then finds a free one."),
    )
}

/// Takes away a network with a subnet that is not wanted any more, and the site's containers, which hang on it. Nothing is taken
/// away where it could not be made anew.
async fn clear(spec: &NetworkSpec, cx: &Context) -> Result<(), Fault> {
    let engine = &*cx.world.engine;
    let networks = engine.networks().await.map_err(|e| engine_fault(e, "the list of networks"))?;
    let others = networks.iter().filter(|n| n.name != spec.name).filter_map(|n| n.subnet.as_deref());
    if let Some(fault) = taken(spec.subnet.as_deref().unwrap_or_default(), others) {
        return Err(fault);
    }
    let all = engine.containers(None).await.map_err(|e| engine_fault(e, "the list of containers"))?;
    let (mut own, others): (Vec<Observed>, Vec<Observed>) = all.into_iter().partition(|c| ours(&c.labels, &cx.site));
    let guests: Vec<&str> = others.iter().filter(|c| c.addresses.contains_key(&spec.name)).map(|c| c.name.as_str()).collect();
    if let Some(first) = guests.first() {
        return Err(Fault::new(
            Whose::Machine,
            "NETWORK-IN-USE",
            format!("The network {} cannot be made anew: it has a container that kerbup did not make.", spec.name),
        )
        .because(format!("On it: {}.", guests.join(", ")))
        .cure(format!("Take it off, then run kerbup again: docker network disconnect {} {first}", spec.name)));
    }
    // Those that were started last hang on the others.
    own.sort_by_key(|c| std::cmp::Reverse(c.started_at));
    for c in &own {
        cx.report.log("kerbup", &format!("{} goes, and comes back with another address", c.name));
        engine.stop(&c.name).await.map_err(|e| engine_fault(e, &c.name))?;
        engine.remove(&c.name).await.map_err(|e| engine_fault(e, &c.name))?;
    }
    engine.remove_network(&spec.name).await.map_err(|e| engine_fault(e, &format!("the network {}", spec.name)))
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
            Some(n) if ours(&n.labels, &cx.site) => Ok(match (other_subnet(&spec, &n), &spec.subnet) {
                (Some(has), Some(wanted)) => {
                    StepState::Different { diff: vec![format!("its addresses are {has}, and become {wanted}: all parts start anew")] }
                }
                _ => StepState::OursAlready,
            }),
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
        let mut there = standing(&spec, cx).await?;
        if there.as_ref().is_some_and(|n| ours(&n.labels, &cx.site) && other_subnet(&spec, n).is_some()) {
            clear(&spec, cx).await?;
            there = None;
        }
        if there.is_none() {
            cx.world.engine.create_network(&spec).await.map_err(|e| engine_fault(e, &format!("the network {}", spec.name)))?;
        }
        Ok(json!({ "network": spec.name, "subnet": spec.subnet }))
    }

    async fn revert(&self, step: &Step, _undo: &Value, cx: &Context) -> Result<(), Fault> {
        let spec: NetworkSpec = with(step)?;
        if standing(&spec, cx).await?.is_some_and(|n| ours(&n.labels, &cx.site)) {
            cx.world.engine.remove_network(&spec.name).await.map_err(|e| engine_fault(e, &format!("the network {}", spec.name)))?;
        }
        Ok(())
    }
}
