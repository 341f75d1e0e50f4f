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
