//! Stub until the branch with it is merged.
use secrecy::SecretString;
use crate::model::answers::Record;
use crate::model::engine::Observed;
use crate::model::health::ComponentState;
use crate::world::World;
/// Subject.
#[allow(missing_docs)]
pub struct Subject { pub name: String, pub kind: String, pub title: String, pub product: String, pub probe: String, pub port: u16, pub user: Option<String>, pub password: Option<SecretString>, pub path: Option<String>, pub within_seconds: f64, pub url: Option<String>, pub network: String, pub container: String, pub camera: Option<(String, Record)>, pub agent_folder: Option<String> }
/// Probe.
pub async fn probe(_w: &World, _s: &Subject, _o: Option<&Observed>) -> (ComponentState, Vec<String>) { (ComponentState::Unknown, vec![]) }

/// Snapshot.
pub async fn snapshot(w: &World, site: &str, subjects: &[Subject], _p: Option<&str>, _k: Option<u32>) -> crate::model::health::HealthSnapshot {
    let mut components = vec![];
    for s in subjects { let o = w.engine.container(&s.container).await.ok().flatten(); let (state, evidence) = probe(w, s, o.as_ref()).await; components.push(crate::model::health::ComponentHealth { name: s.name.clone(), kind: s.kind.clone(), title: s.title.clone(), product: s.product.clone(), state, age_seconds: 0.0, restarts: 0, up_seconds: None, cpu: None, memory: None, evidence, url: s.url.clone() }); }
    crate::model::health::HealthSnapshot { schema: 1, site: site.into(), overall: crate::model::health::Overall::Unknown, components, cameras: vec![], disk: None }
}
