//! What a run came to: as its last screen says it, and the same lines as they stay in the terminal. Nothing is claimed that was
//! not seen.

use super::figures::count;
use crate::model::event::{Address, CameraCount};

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub struct Came<'a> {
    /// A site stands after it.
    pub stands: bool,
    /// Cameras that were seen to record, of all.
    pub cameras: CameraCount,
    /// What was seen of each camera: its name, and what.
    pub recorded: &'a [(String, String)],
    /// Addresses that were tried.
    pub addresses: &'a [Address],
    /// What the run says of itself, the most important first.
    pub says: &'a [String],
}

/// Where addresses stand.
const FROM_OUTSIDE: &str = "From outside your home use a VPN, never an open port.";

/// The page of a new site shows nothing yet.
pub const NOT_SET_UP: &str = "The recordings page shows nothing before it is told, once, where recordings lie. What to enter there: kerbup status, at \"not set up\".";

impl Came<'_> {
    /// In one line.
    pub fn title(&self) -> &str {
        self.says.first().map_or("Done.", String::as_str)
    }

    /// What else the run says.
    pub fn more(&self) -> &[String] {
        self.says.get(1..).unwrap_or_default()
    }

    /// Every camera of a site that stands was seen to record; or none stands.
    pub fn whole(&self) -> bool {
        !self.stands || (self.cameras.of > 0 && self.cameras.recording >= self.cameras.of)
    }

    /// Some password can be shown.
    pub fn has_password(&self) -> bool {
        self.addresses.iter().any(|a| a.password.is_some())
    }

    /// What goes on when the screen is closed; nothing where no site stands.
    pub fn goes_on(&self) -> Option<String> {
        let CameraCount { recording, of } = self.cameras;
        self.stands.then(|| match (recording, of) {
            (_, 0) => "There is no camera yet, so nothing records. Add one any time: kerbup change".into(),
            (0, _) => {
                "No recording was seen yet. The recorders go on trying when you close this, and after a restart of the machine.".into()
            }
            (n, of) if n < of => format!(
                "{n} of {} {} seen to record. All recorders go on when you close this, and after a restart of the machine.",
                count(of, "camera"),
                if n == 1 { "was" } else { "were" }
            ),
            _ => "Recording goes on when you close this, and after a restart of the machine.".into(),
        })
    }

    /// Commands to remember.
    pub fn commands(&self) -> Vec<(&'static str, &'static str)> {
        let mut all = vec![];
        if self.stands {
            all.push(("kerbup", "shows how it is"));
            if self.has_password() {
                all.push(("kerbup passwords", "shows the password, any time"));
            }
        }
        all
    }

    /// About the way in from outside, where there is a page to come to.
    pub fn from_outside(&self) -> Option<&'static str> {
        (self.stands && !self.addresses.is_empty()).then_some(FROM_OUTSIDE)
    }

    /// The lines that stay in the terminal. No password is among them.
    pub fn lines(&self) -> Vec<String> {
        let column = |label: &str, text: &str| format!("{label:<20}{text}");
        let mut lines = vec![self.title().to_string()];
        lines.extend(self.recorded.iter().map(|(camera, says)| format!("  {camera}: {says}")));
        lines.extend(self.more().iter().cloned());
        for a in self.addresses {
            let user = a.user.as_ref().map(|u| format!("   user {u}")).unwrap_or_default();
            lines.push(column(&a.title, &format!("{}{user}", a.url)));
        }
        lines.extend(self.goes_on());
        lines.extend(self.commands().iter().map(|(command, what)| column(command, what)));
        lines.extend(self.from_outside().map(String::from));
        lines
    }
}

/// Where recordings lie that no page shows.
pub fn stored(path: &str) -> String {
    format!("The recordings lie in {path} on this machine.")
}

/// The same of several cameras.
pub fn stored_by_name(path: &str) -> String {
    format!("The recordings lie in {path} on this machine, where NAME is a camera's.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(recording: usize, of: usize, addresses: &[Address]) -> Vec<String> {
        let recorded: Vec<(String, String)> = (0..recording).map(|n| (format!("cam-{n}"), "records".into())).collect();
        let says = ["Installed.".to_string()];
        let cameras = CameraCount { recording, of };
        Came { stands: true, cameras, recorded: &recorded, addresses, says: &says }.lines()
    }

    #[test]
    fn only_what_was_seen_to_record_is_said_to_go_on() {
        let goes_on = "Recording goes on when you close this";
        for (n, of, said) in [(0, 0, "nothing records"), (0, 2, "No recording was seen yet"), (1, 2, "1 of 2 cameras was seen to record")] {
            let lines = came(n, of, &[]).join("\n");
            assert!(lines.contains(said) && !lines.contains(goes_on), "{lines}");
        }
        assert!(came(2, 2, &[]).join("\n").contains(goes_on));
    }

    #[test]
    fn a_password_is_spoken_of_only_where_there_is_one() {
        assert!(!came(1, 1, &[]).join("\n").contains("passwords"));
        let page = Address {
            title: "Recordings page".into(),
            url: "http://192.0.2.20:8080".into(),
            user: Some("root".into()),
            password: Some("vault.password".into()),
        };
        let lines = came(1, 1, &[page]);
        assert_eq!(
            lines,
            [
                "Installed.",
                "  cam-0: records",
                "Recordings page     http://192.0.2.20:8080   user root",
                "Recording goes on when you close this, and after a restart of the machine.",
                "kerbup              shows how it is",
                "kerbup passwords    shows the password, any time",
                FROM_OUTSIDE,
            ]
        );
    }

    #[test]
    fn a_site_that_was_taken_down_leaves_nothing_that_goes_on() {
        let says = ["Removed.".to_string(), "Kept: /srv/kerberos.".to_string()];
        let came = Came { stands: false, cameras: CameraCount::default(), recorded: &[], addresses: &[], says: &says };
        assert_eq!((came.lines(), came.whole()), (says.to_vec(), true));
    }
}
