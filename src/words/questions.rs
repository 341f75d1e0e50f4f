//! The wording of each question, by the id that `ask::questions` has.

/// How a question is put, and what helps to answer it.
pub struct Wording {
    /// Id: `storage.path`.
    pub id: &'static str,
    /// The question in one line.
    pub prompt: &'static str,
    /// What helps to answer it, in one or two sentences.
    pub help: &'static str,
}

/// All of them.
pub const WORDINGS: &[Wording] = &[
    Wording {
        id: "site.name",
        prompt: "Name of this site?",
        help: "Lower case letters, digits and hyphens. It names everything kerbup makes.",
    },
    Wording { id: "camera.name", prompt: "Name of the camera?", help: "Lower case letters, digits and hyphens, such as front-door." },
    Wording {
        id: "camera.url",
        prompt: "Address of the camera?",
        help: "Such as rtsp://192.0.2.10/stream, or its number alone. The camera's app or manual shows it.",
    },
    Wording { id: "camera.user", prompt: "User of the camera, if it has one?", help: "The name that you use on the camera's own page." },
    Wording { id: "camera.password", prompt: "Password of the camera?", help: "It is kept on this machine only and never shown." },
    Wording { id: "camera.record", prompt: "When shall it record?", help: "On movement takes less room on the disk." },
    Wording {
        id: "storage.path",
        prompt: "Folder for recordings?",
        help: "Choose the largest disk. The folder is made if it is not there.",
    },
    Wording { id: "storage.retention_days", prompt: "Keep how many days?", help: "Older recordings are deleted." },
    Wording {
        id: "network.expose",
        prompt: "Who may open the recordings page?",
        help: "From outside your home use a VPN, never an open port.",
    },
];

/// The question as it is put; the id itself where there is no wording.
pub fn prompt(id: &str) -> &str {
    WORDINGS.iter().find(|w| w.id == id).map_or(id, |w| w.prompt)
}

/// What helps to answer it.
pub fn help(id: &str) -> &'static str {
    WORDINGS.iter().find(|w| w.id == id).map_or("", |w| w.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_a_wording() {
        for wording in WORDINGS {
            assert!(wording.prompt.ends_with('?') && wording.help.ends_with('.'), "{}", wording.id);
            assert_eq!(prompt(wording.id), wording.prompt);
            assert_eq!(help(wording.id), wording.help);
        }
        assert_eq!(prompt("none"), "none");
    }
}
