//! The questions of the journey, in order: which there are, their defaults, what an answer must be like. Their wording is in
//! `words::questions`, by the same id, so that every front asks the same thing.

use super::{address, valid};
use crate::model::answers::{Answers, Expose, Record};

/// A question.
pub struct Question {
    /// The key of the site file that it answers: `storage.path`; `camera.…` for one camera.
    pub id: &'static str,
    /// The answer that stands, as text. Never a password.
    pub default: fn(&Answers) -> String,
    /// Whether a typed answer can be taken; otherwise what to write instead.
    pub validate: fn(&str) -> Result<(), String>,
    /// The answer must not be shown while it is typed.
    pub hidden: bool,
}

/// All of them, in the order in which they are asked.
pub const QUESTIONS: &[Question] = &[
    Question { id: "site.name", default: |a| a.site.clone(), validate: |t| valid::name(t).map(|_| ()), hidden: false },
    Question { id: "camera.name", default: next_camera, validate: |t| valid::name(t).map(|_| ()), hidden: false },
    Question { id: "camera.url", default: |_| String::new(), validate: |t| address::typed(t).map(|_| ()), hidden: false },
    Question { id: "camera.user", default: |_| String::new(), validate: |_| Ok(()), hidden: false },
    Question { id: "camera.password", default: |_| String::new(), validate: |_| Ok(()), hidden: true },
    Question {
        id: "camera.record",
        default: |_| record(Record::Motion).into(),
        validate: |t| one_of(t, &["motion", "always"]),
        hidden: false,
    },
    Question { id: "storage.path", default: |a| a.path.clone(), validate: |t| valid::folder(t).map(|_| ()), hidden: false },
    Question {
        id: "storage.retention_days",
        default: |a| a.retention_days.to_string(),
        validate: |t| valid::days(t).map(|_| ()),
        hidden: false,
    },
    Question { id: "network.expose", default: |a| expose(a.expose).into(), validate: |t| one_of(t, &["lan", "loopback"]), hidden: false },
];

/// A question by its id.
pub fn question(id: &str) -> Option<&'static Question> {
    QUESTIONS.iter().find(|q| q.id == id)
}

/// The word of the site file.
pub fn expose(expose: Expose) -> &'static str {
    super::site::EXPOSES.iter().find(|(_, e)| *e == expose).map_or("lan", |(word, _)| word)
}

/// The word of the site file.
pub fn record(record: Record) -> &'static str {
    super::site::RECORDS.iter().find(|(_, r)| *r == record).map_or("motion", |(word, _)| word)
}

/// The first `camera-N` that is not taken.
pub fn next_camera(answers: &Answers) -> String {
    let taken = |name: &String| answers.cameras.iter().any(|c| c.name == *name);
    (1..=answers.cameras.len() + 1).map(|n| format!("camera-{n}")).find(|n| !taken(n)).unwrap_or_default()
}

fn one_of(text: &str, words: &[&str]) -> Result<(), String> {
    if words.contains(&text) { Ok(()) } else { Err(format!("Write one of: {}.", words.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_that_stands_is_a_good_answer() {
        let answers = Answers::default();
        for q in QUESTIONS {
            let default = (q.default)(&answers);
            assert!(default.is_empty() || (q.validate)(&default).is_ok(), "{}", q.id);
            assert!(question(q.id).is_some_and(|found| found.id == q.id));
        }
    }

    #[test]
    fn only_the_password_is_hidden() {
        let hidden: Vec<_> = QUESTIONS.iter().filter(|q| q.hidden).map(|q| q.id).collect();
        assert_eq!(hidden, ["camera.password"]);
    }

    #[test]
    fn a_bare_address_is_enough() {
        let url = question("camera.url").unwrap();
        assert!((url.validate)("192.0.2.10").is_ok() && (url.validate)("").is_err());
        assert!((question("storage.path").unwrap().validate)("srv").is_err());
    }
}
