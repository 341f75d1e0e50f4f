//! Predicates: what a recipe's `only:` may name. Each is one small function over the facts of the machine that will run
//! the component and the answers, listed once in [`ALL`]. A fact that is unknown makes a predicate unknown, never false.

use crate::model::answers::{Answers, Service, Shape};
use crate::model::fact::Fact;
use crate::model::host::HostReport;
use crate::model::recipe::Choice;

/// What a predicate came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// It cannot be told, and why.
    Unknown(String),
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::Yes } else { Truth::No }
    }
}

impl Truth {
    /// It holds for certain.
    pub fn holds(&self) -> bool {
        *self == Truth::Yes
    }

    /// Both hold. A certain no decides, whatever the other is.
    fn and(self, other: impl FnOnce() -> Truth) -> Truth {
        match self {
            Truth::No => Truth::No,
            Truth::Yes => other(),
            Truth::Unknown(why) => match other() {
                Truth::No => Truth::No,
                _ => Truth::Unknown(why),
            },
        }
    }
}

/// A predicate.
pub struct Predicate {
    /// The name that recipes use.
    pub name: &'static str,
    /// What it means, for people: the end of "this holds when …".
    pub says: &'static str,
    /// The test itself.
    pub test: fn(&HostReport, &Answers) -> Truth,
}

const fn predicate(name: &'static str, says: &'static str, test: fn(&HostReport, &Answers) -> Truth) -> Predicate {
    Predicate { name, says, test }
}

/// Every predicate there is.
pub const ALL: &[Predicate] = &[
    predicate("amd64", "the processor is a 64-bit Intel or AMD", |h, _| of(&h.cpu.arch, |a| a == "amd64")),
    predicate("arm64", "the processor is a 64-bit ARM", |h, _| of(&h.cpu.arch, |a| a == "arm64")),
    predicate("cpu-no-avx", "the Intel or AMD processor has no AVX, which MongoDB 5 and later need", cpu_no_avx),
    predicate("cpu-before-armv8.2", "the ARM processor is older than ARMv8.2, which MongoDB 5 and later need", cpu_before_armv8_2),
    predicate("cpu-no-x86-64-v2", "the Intel or AMD processor lacks x86-64-v2 (SSE4.2 and the like)", cpu_no_x86_64_v2),
    predicate("kernel-from-6.19", "the kernel is 6.19 or newer, on which MongoDB 8 does not start", kernel_from_6_19),
    predicate("page-size-16k", "memory pages are larger than 4 KiB", |h, _| of(&h.page_size, |size| *size > 4096)),
    predicate("raspberry-pi-5", "the machine is a Raspberry Pi 5", raspberry_pi_5),
    predicate("low-memory", "the machine has less than 2.5 GB of memory", |h, _| of(&h.memory, |m| m.total < LOW_MEMORY)),
    predicate("shape-full", "the site has a library, a database and a video store", |_, a| (a.shape == Shape::Full).into()),
    predicate("shape-small", "the site is cameras alone, recording to the disk", |_, a| (a.shape == Shape::Small).into()),
    predicate("database-bundled", "the recordings list is installed with the site", |_, a| bundled(a, &a.database)),
    predicate("storage-bundled", "the video store is installed with the site", |_, a| bundled(a, &a.object_storage)),
    predicate("broker-bundled", "events are installed with the site", |_, a| bundled(a, &a.broker)),
    predicate("hub", "Hub is chosen", |_, a| a.hub.into()),
    // In a component that runs once a camera, this is asked of that camera alone.
    predicate("second-stream", "the camera has a second, smaller stream", |_, a| a.cameras.iter().any(|c| c.sub_url.is_some()).into()),
];

/// Below this many bytes of memory (2.5 GB, counted as memory is) the parts are made smaller.
pub const LOW_MEMORY: u64 = 5 << 29;

/// The predicate of that name.
pub fn find(name: &str) -> Option<&'static Predicate> {
    ALL.iter().find(|p| p.name == name)
}

/// The known name that is most like a misspelt one; none where nothing is near.
pub fn nearest(name: &str) -> Option<&'static str> {
    ALL.iter()
        .map(|p| (strsim::normalized_damerau_levenshtein(p.name, name), p.name))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// All named predicates hold: a certain no decides, then the first that is unknown. A name that is not in the list is unknown.
pub fn all_hold(names: &[String], host: &HostReport, answers: &Answers) -> Truth {
    names.iter().fold(Truth::Yes, |so_far, name| {
        so_far.and(|| match find(name) {
            Some(predicate) => (predicate.test)(host, answers),
            None => Truth::Unknown(format!("there is no condition named {name}")),
        })
    })
}

/// The entry that was taken, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen<'a> {
    /// The entry.
    pub choice: &'a Choice,
    /// Why this one, for people, where the recipe says so.
    pub because: Option<String>,
    /// What could not be told, where that decided.
    pub unknown: Option<String>,
}

/// Takes the first entry whose predicates all hold. A predicate that is unknown stops there and takes the entry marked safest
/// (the last one where none is). None only for an empty list.
pub fn choose<'a>(choices: &'a [Choice], host: &HostReport, answers: &Answers) -> Option<Chosen<'a>> {
    for choice in choices {
        match all_hold(&choice.only, host, answers) {
            Truth::Yes => return Some(Chosen { choice, because: choice.because.clone(), unknown: None }),
            Truth::No => {}
            Truth::Unknown(why) => {
                let choice = safest(choices)?;
                let because = format!("{} works everywhere, and this machine could not be told for certain: {why}", choice.tag);
                return Some(Chosen { choice, because: Some(because), unknown: Some(why) });
            }
        }
    }
    let choice = safest(choices)?;
    Some(Chosen { choice, because: choice.because.clone(), unknown: None })
}

fn safest(choices: &[Choice]) -> Option<&Choice> {
    choices.iter().find(|c| c.safest).or_else(|| choices.last())
}

fn of<T>(fact: &Fact<T>, test: impl FnOnce(&T) -> bool) -> Truth {
    match fact {
        Fact::Known { value, .. } => test(value).into(),
        Fact::Unknown { unknown } => Truth::Unknown(unknown.clone()),
    }
}

fn bundled(answers: &Answers, service: &Service) -> Truth {
    (answers.shape == Shape::Full && *service == Service::Bundled).into()
}

/// Features of the processor, where there are any: an empty list was not read rightly and tells nothing.
fn features(host: &HostReport, test: impl FnOnce(&dyn Fn(&str) -> bool) -> bool) -> Truth {
    match &host.cpu.features {
        Fact::Known { value, .. } if value.is_empty() => Truth::Unknown("the processor's features are not listed".into()),
        fact => of(fact, |list| test(&|name| list.iter().any(|f| f == name))),
    }
}

/// MongoDB 5 and later are built for AVX on x86 (docker-library/mongo#485, #619).
pub fn cpu_no_avx(host: &HostReport, _: &Answers) -> Truth {
    of(&host.cpu.arch, |a| a == "amd64").and(|| features(host, |has| !has("avx")))
}

/// MongoDB 5 and later, and 4.4 from 4.4.19 on, need ARMv8.2. The list is the one that the image's own start script looks for
/// (docker-library/mongo#610): a Cortex-A53 or A72 (Raspberry Pi 3, 4) has none of them, an A76 (Pi 5) has several.
pub fn cpu_before_armv8_2(host: &HostReport, _: &Answers) -> Truth {
    const NEWER: [&str; 8] = ["fphp", "dcpop", "sha3", "sm3", "sm4", "asimddp", "sha512", "sve"];
    of(&host.cpu.arch, |a| a == "arm64").and(|| features(host, |has| !NEWER.iter().any(|f| has(f))))
}

/// MinIO's images since late 2023 need x86-64-v2 (minio/minio#20778).
pub fn cpu_no_x86_64_v2(host: &HostReport, _: &Answers) -> Truth {
    const LEVEL: [&str; 6] = ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"];
    of(&host.cpu.arch, |a| a == "amd64").and(|| features(host, |has| !LEVEL.iter().all(|f| has(f))))
}

/// MongoDB 8's allocator does not work on kernels from 6.19 on (google/tcmalloc#292). The vendor says that 7.0.14 mended it,
/// but the images still refuse to start there.
pub fn kernel_from_6_19(host: &HostReport, _: &Answers) -> Truth {
    match &host.kernel {
        Fact::Unknown { unknown } => Truth::Unknown(unknown.clone()),
        Fact::Known { value, .. } => match version(value) {
            Some(found) => (found >= (6, 19)).into(),
            None => Truth::Unknown(format!("the kernel calls itself {value}")),
        },
    }
}

fn raspberry_pi_5(host: &HostReport, _: &Answers) -> Truth {
    of(&host.cpu.model, |m| m.contains("Raspberry Pi 5") || m.contains("Raspberry Pi Compute Module 5"))
}

/// Major and minor of a version such as `6.12.34+rpt-rpi-2712`, `28.2.2` or `7.0`.
pub fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split('.');
    let major = parts.next()?.parse().ok()?;
    let minor: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::host::Memory;

    fn host(arch: &str, features: &str) -> HostReport {
        let mut host = HostReport::default();
        host.cpu.arch = Fact::known(arch.into(), "uname -m");
        host.cpu.features = Fact::known(features.split_whitespace().map(Into::into).collect(), "/proc/cpuinfo");
        host.kernel = Fact::known("6.1.0-37-amd64".into(), "uname -r");
        host
    }

    fn mongo() -> Vec<Choice> {
        let choice = |tag: &str, only: &[&str], safest| Choice {
            tag: tag.into(),
            only: only.iter().map(|s| (*s).into()).collect(),
            safest,
            because: None,
        };
        vec![
            choice("4.4.18", &["amd64", "cpu-no-avx"], true),
            choice("4.4.18-arm", &["arm64", "cpu-before-armv8.2"], false),
            choice("7.0.28", &["kernel-from-6.19"], false),
            choice("8.0.15", &[], false),
        ]
    }

    const N5105: &str = "fpu cx8 sse sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt aes lahf_lm";
    const N100: &str = "fpu cx8 sse sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt aes avx avx2 lahf_lm";
    const PI4: &str = "fp asimd evtstrm crc32 cpuid";
    const PI5: &str = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp";

    fn tag(host: &HostReport) -> String {
        choose(&mongo(), host, &Answers::default()).unwrap().choice.tag.clone()
    }

    #[test]
    fn the_database_suits_the_machine() {
        assert_eq!(tag(&host("amd64", N5105)), "4.4.18");
        assert_eq!(tag(&host("amd64", N100)), "8.0.15");
        assert_eq!(tag(&host("arm64", PI4)), "4.4.18-arm");
        assert_eq!(tag(&host("arm64", PI5)), "8.0.15");
        let mut ubuntu = host("amd64", N100);
        ubuntu.kernel = Fact::known("7.0.0-14-generic".into(), "uname -r");
        assert_eq!(tag(&ubuntu), "7.0.28");
    }

    #[test]
    fn unknown_stops_at_the_safest_and_says_so() {
        let mut blind = host("amd64", N100);
        blind.cpu.features = Fact::unknown("/proc/cpuinfo cannot be read");
        let choices = mongo();
        let chosen = choose(&choices, &blind, &Answers::default()).unwrap();
        assert_eq!(chosen.choice.tag, "4.4.18");
        assert_eq!(chosen.unknown.as_deref(), Some("/proc/cpuinfo cannot be read"));
        // On ARM the first entry is out for certain, whatever AVX is; the second one cannot be told.
        blind.cpu.arch = Fact::known("arm64".into(), "uname -m");
        assert!(choose(&choices, &blind, &Answers::default()).unwrap().unknown.is_some());
        assert_eq!(choose(&[], &blind, &Answers::default()), None);
    }

    #[test]
    fn every_predicate_is_unknown_or_answered_by_the_answers_on_a_blank_report() {
        for p in ALL {
            let truth = (p.test)(&HostReport::default(), &Answers::default());
            let of_answers = p.name.starts_with("shape-") || p.name.ends_with("-bundled") || ["hub", "second-stream"].contains(&p.name);
            assert_eq!(matches!(truth, Truth::Unknown(_)), !of_answers, "{}", p.name);
            assert!(!p.says.is_empty() && !p.says.ends_with('.'));
        }
    }

    #[test]
    fn small_sites_bundle_nothing() {
        let answers = Answers { shape: Shape::Small, broker: Service::Bundled, ..Answers::default() };
        for name in ["database-bundled", "storage-bundled", "broker-bundled"] {
            assert_eq!((find(name).unwrap().test)(&HostReport::default(), &answers), Truth::No, "{name}");
        }
    }

    #[test]
    fn facts_answer() {
        let mut pi = host("arm64", PI5);
        pi.cpu.model = Fact::known("Raspberry Pi 5 Model B Rev 1.0".into(), "device-tree");
        pi.page_size = Fact::known(16384, "getconf");
        pi.memory = Fact::known(Memory { total: 2_060_000_000, available: 0, swap: 0 }, "/proc/meminfo");
        for name in ["arm64", "raspberry-pi-5", "page-size-16k", "low-memory"] {
            assert!((find(name).unwrap().test)(&pi, &Answers::default()).holds(), "{name}");
        }
        assert!(cpu_no_x86_64_v2(&host("amd64", "fpu sse sse2 pni cx16 lahf_lm"), &Answers::default()).holds());
        assert_eq!(cpu_no_x86_64_v2(&host("amd64", N5105), &Answers::default()), Truth::No);
    }

    #[test]
    fn a_misspelt_name_has_a_neighbour() {
        assert_eq!(nearest("cpu-no-axv"), Some("cpu-no-avx"));
        assert_eq!(nearest("databse-bundled"), Some("database-bundled"));
        assert_eq!(nearest("zzzzzz"), None);
    }

    proptest! {
        #[test]
        fn versions_never_panic(text in ".{0,40}") {
            let _ = version(&text);
        }

        #[test]
        fn kernels_are_ordered(major in 2u32..12, minor in 0u32..40, rest in "[-+.a-z0-9]{0,20}") {
            let text = format!("{major}.{minor}.{rest}");
            prop_assert_eq!(version(&text), Some((major, minor)));
        }
    }
}
