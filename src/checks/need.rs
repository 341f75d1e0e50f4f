//! What the chosen parts need, from the recipes as they come out for this machine and these answers.

use crate::model::answers::{Answers, Camera};
use crate::model::fact::Fact;
use crate::model::host::HostReport;
use crate::model::recipe::{Component, ComponentShape};
use crate::model::survey::Survey;
use crate::recipe::condition::{self, Truth};
use crate::recipe::size;

/// An image of the site, as the recipes choose it for this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageNeed {
    /// The component that runs it: `mongodb`.
    pub part: String,
    /// Name without tag: `docker.io/library/mongo`.
    pub name: String,
    /// Tag.
    pub tag: String,
    /// Architectures it is made for, in Docker's words.
    pub arches: Fact<Vec<String>>,
    /// It is on this machine already.
    pub present: bool,
}

/// Figures of the recipes and the survey. Absent ones are not known yet; nothing here is guessed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Needs {
    /// Bytes of memory that the chosen parts set aside together.
    pub memory_bytes: Option<u64>,
    /// Images of the chosen parts.
    pub images: Vec<ImageNeed>,
    /// Bytes that the images which are not here yet take on the engine's disk.
    pub image_bytes: Option<u64>,
}

impl Needs {
    /// What the recipes ask for on this machine with these answers. A part whose conditions cannot be told counts as chosen.
    pub fn from_recipes(components: &[Component], answers: &Answers, host: &HostReport) -> Needs {
        let chosen: Vec<&Component> = components.iter().filter(|c| condition::all_hold(&c.only, host, answers) != Truth::No).collect();
        let images = chosen.iter().map(|c| ImageNeed {
            part: c.name.clone(),
            name: c.image.name.clone(),
            tag: condition::choose(&c.image.choose, host, answers).choice.tag.clone(),
            arches: builds(&c.image.name, answers, host),
            present: false,
        });
        let memory: u64 = chosen.iter().map(|c| memory(c, &answers.cameras)).sum();
        Needs { memory_bytes: (memory > 0).then_some(memory), images: images.collect(), image_bytes: None }
    }

    /// The same with what the survey learnt of the images, by the name that they are fetched under.
    pub fn with_survey(mut self, survey: &Survey, fetched_as: impl Fn(&ImageNeed) -> String) -> Needs {
        for image in &mut self.images {
            if let Some(found) = survey.images.get(&fetched_as(image)) {
                image.present = found.present.is_some();
                image.arches = found.arches.clone();
            }
        }
        self
    }
}

/// What is known of an image's builds without asking its registry: its makers' own lists (docker-library's official images,
/// MinIO's releases, the Agent's release workflow). Vault's is not public, and a registry of one's own may hold anything.
fn builds(name: &str, answers: &Answers, host: &HostReport) -> Fact<Vec<String>> {
    let known = |arches: &[&str]| Fact::known(arches.iter().map(|a| (*a).to_owned()).collect(), "its makers' list of builds");
    let wide = host.cpu.userland_bits.get().is_some_and(|bits| *bits >= 64);
    match name {
        _ if answers.images.registry.is_some() => Fact::unknown("the registry was not asked yet"),
        "docker.io/library/mongo" | "quay.io/minio/minio" => known(&["amd64", "arm64"]),
        // Older Agents had 32-bit builds too; whether the newest has is not certain.
        "docker.io/kerberos/agent" if wide => known(&["amd64", "arm64"]),
        "docker.io/library/rabbitmq" => known(&["amd64", "arm64", "arm", "386"]),
        _ => Fact::unknown("the registry was not asked yet"),
    }
}

/// Bytes that a component sets aside: what it asks for, or for each camera its base. What its stream adds is a limit, not a need.
fn memory(c: &Component, cameras: &[Camera]) -> u64 {
    let need = &c.resources.memory;
    let one = [&need.request, &need.base].into_iter().flatten().find_map(|text| size::bytes(text)).unwrap_or(0);
    match c.shape {
        ComponentShape::PerCamera => one.saturating_mul(cameras.len() as u64),
        _ => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::answers::{Record, Shape};
    use crate::model::engine::ImageInfo;
    use crate::model::survey::ImageSurvey;

    const VAULT: &str = r#"{"name":"vault","title":"Library","product":"Vault","does":"shows","shape":"stateless","only":["shape-full"],
        "image":{"name":"ghcr.io/uug-ai/vault","choose":[{"tag":"v1.4.9"}]},"resources":{"memory":{"request":"128Mi"}},
        "health":{"probe":"vault","port":"http","within":"90s"},"from":[]}"#;
    const AGENT: &str = r#"{"name":"agent","title":"Recorder","product":"Agent","does":"records","shape":"per-camera",
        "image":{"name":"docker.io/kerberos/agent","choose":[{"tag":"v3.11.1"}]},"resources":{"memory":{"base":"256Mi","per-mbit":"24Mi"}},
        "health":{"probe":"agent","port":"http","within":"90s"},"from":[]}"#;

    fn components() -> Vec<Component> {
        [VAULT, AGENT].map(|text| serde_json::from_str(text).unwrap()).into()
    }

    fn answers(shape: Shape, cameras: usize) -> Answers {
        let camera = |n| Camera { name: format!("c{n}"), url: String::new(), sub_url: None, user: None, record: Record::Motion };
        Answers { shape, cameras: (0..cameras).map(camera).collect(), ..Answers::default() }
    }

    #[test]
    fn parts_and_cameras_are_counted() {
        let full = Needs::from_recipes(&components(), &answers(Shape::Full, 3), &HostReport::default());
        assert_eq!(full.memory_bytes, Some((128 + 3 * 256) << 20));
        assert_eq!(full.images.iter().map(|i| i.part.as_str()).collect::<Vec<_>>(), ["vault", "agent"]);
        let small = Needs::from_recipes(&components(), &answers(Shape::Small, 0), &HostReport::default());
        assert_eq!((small.memory_bytes, small.images.len()), (None, 1));
    }

    #[test]
    fn the_survey_tells_what_is_here() {
        let present =
            Some(ImageInfo { id: "sha256:1".into(), digest: None, size: 1, arch: "amd64".into(), user: String::new(), volumes: vec![] });
        let arches = Fact::known(vec!["amd64".into()], "the registry");
        let found = ImageSurvey { present, digest: Fact::default(), download: Fact::default(), arches };
        let mut survey = Survey::default();
        survey.images.insert("ghcr.io/uug-ai/vault:v1.4.9".into(), found);
        let needs = Needs::from_recipes(&components(), &answers(Shape::Full, 1), &HostReport::default());
        let needs = needs.with_survey(&survey, |i| format!("{}:{}", i.name, i.tag));
        assert!(needs.images[0].present && needs.images[0].arches.get().is_some());
        assert!(!needs.images[1].present);
        // Which builds the library has, nobody says; of the recorder it is known on a 64-bit machine.
        let mut host = HostReport::default();
        host.cpu.userland_bits = Fact::known(64, "getconf");
        let needs = Needs::from_recipes(&components(), &answers(Shape::Full, 1), &host);
        assert!(needs.images[0].arches.get().is_none() && needs.images[1].arches.get().is_some());
    }
}
