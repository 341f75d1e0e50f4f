//! Predicates.
use crate::model::answers::{Answers, Service, Shape};
use crate::model::host::HostReport;
use crate::model::recipe::Choice;
/// Truth.
pub enum Truth { /// Yes.
 Yes, /// No.
 No, /// Unknown.
 Unknown(String) }
/// Predicate.
pub struct Predicate { /// Name.
 pub name: &'static str, /// Says.
 pub says: &'static str, /// Test.
 pub test: fn(&HostReport, &Answers) -> Truth }
fn yes(b: bool) -> Truth { if b { Truth::Yes } else { Truth::No } }
/// All.
pub const ALL: &[Predicate] = &[
 Predicate { name: "amd64", says: "", test: |h, _| yes(h.cpu.arch.get().is_some_and(|a| a == "amd64")) },
 Predicate { name: "arm64", says: "", test: |h, _| yes(h.cpu.arch.get().is_some_and(|a| a == "arm64")) },
 Predicate { name: "cpu-no-avx", says: "", test: |h, _| match h.cpu.features.get() { Some(f) => yes(!f.iter().any(|f| f == "avx")), None => Truth::Unknown("cpu".into()) } },
 Predicate { name: "cpu-before-armv8.2", says: "", test: |_, _| Truth::No },
 Predicate { name: "cpu-no-x86-64-v2", says: "", test: |_, _| Truth::No },
 Predicate { name: "kernel-from-6.19", says: "", test: |_, _| Truth::No },
 Predicate { name: "page-size-16k", says: "", test: |_, _| Truth::No },
 Predicate { name: "raspberry-pi-5", says: "", test: |_, _| Truth::No },
 Predicate { name: "shape-full", says: "", test: |_, a| yes(a.shape == Shape::Full) },
 Predicate { name: "database-bundled", says: "", test: |_, a| yes(a.database == Service::Bundled) },
 Predicate { name: "storage-bundled", says: "", test: |_, a| yes(a.object_storage == Service::Bundled) },
 Predicate { name: "broker-bundled", says: "", test: |_, a| yes(a.broker == Service::Bundled) },
];
/// Find.
pub fn find(name: &str) -> Option<&'static Predicate> { ALL.iter().find(|p| p.name == name) }
/// Nearest.
pub fn nearest(name: &str) -> Option<&'static str> { ALL.iter().map(|p| p.name).min_by_key(|n| strsim::levenshtein(n, name)) }
/// Chosen.
pub struct Chosen<'a> { /// Choice.
 pub choice: &'a Choice, /// Because.
 pub because: Option<String>, /// Unknown.
 pub unknown: Option<String> }
/// Choose.
pub fn choose<'a>(choices: &'a [Choice], host: &HostReport, answers: &Answers) -> Chosen<'a> {
    for c in choices {
        if c.only.iter().all(|n| matches!(find(n).map(|p| (p.test)(host, answers)), Some(Truth::Yes))) {
            return Chosen { choice: c, because: c.because.clone(), unknown: None };
        }
    }
    Chosen { choice: &choices[choices.len() - 1], because: None, unknown: None }
}
