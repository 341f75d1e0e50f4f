//! Exit codes: the contract's, and which fault ends with which. Never 0 on failure.

use crate::model::fault::{Fault, Whose};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Bad usage or answers.
    Usage = 2,
    /// A check blocks.
    Blocked = 3,
    /// Warnings under `--strict`.
    Warned = 4,
    /// Needs root.
    NeedsRoot = 5,
    /// Network, or what is behind it.
    Network = 6,
    /// What came is not what was announced.
    Integrity = 7,
    /// Stopped part-way; can be resumed.
    Stopped = 8,
    /// Ended by Ctrl-C; can be resumed.
    Interrupted = 130,
    /// Ended by a TERM signal; can be resumed.
    Terminated = 143,
}

/// Codes of faults, by how they begin, that decide on their own. All others go by whose fault it is.
const BY_CODE: &[(&str, Exit)] = &[
    ("NEEDS-ROOT", Exit::NeedsRoot),
    ("DIGEST-", Exit::Integrity),
    ("CHECKSUM-", Exit::Integrity),
    ("SIGNATURE-", Exit::Integrity),
    ("CHECK-BLOCKS", Exit::Blocked),
    ("CHECK-WARNS", Exit::Warned),
    ("STOPPED", Exit::Stopped),
    ("INTERRUPTED", Exit::Interrupted),
    ("TERMINATED", Exit::Terminated),
];

impl Exit {
    /// The number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// What a fault ends the program with.
    pub fn from_fault(fault: &Fault) -> Exit {
        if let Some((_, exit)) = BY_CODE.iter().find(|(code, _)| fault.code.starts_with(code)) {
            return *exit;
        }
        match fault.whose {
            Whose::Input => Exit::Usage,
            Whose::Network => Exit::Network,
            Whose::Machine | Whose::Ours => Exit::Failed,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_end_with_the_contracts_codes() {
        let exit = |whose, code: &str| Exit::from_fault(&Fault::new(whose, code, "x")).code();
        assert_eq!(exit(Whose::Input, "SITE-KEY"), 2);
        assert_eq!(exit(Whose::Machine, "NEEDS-ROOT"), 5);
        assert_eq!(exit(Whose::Network, "REGISTRY-SILENT"), 6);
        assert_eq!(exit(Whose::Network, "RATE-LIMIT"), 6);
        assert_eq!(exit(Whose::Network, "DIGEST-DIFFERS"), 7);
        assert_eq!(exit(Whose::Machine, "CHECK-BLOCKS"), 3);
        assert_eq!(exit(Whose::Machine, "PORT-TAKEN"), 1);
        assert_eq!(exit(Whose::Input, "STOPPED"), 8);
        assert_eq!(exit(Whose::Ours, "ANY"), 1);
        assert!(BY_CODE.iter().all(|(_, e)| e.code() != 0));
    }
}
