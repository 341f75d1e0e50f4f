//! Fault: the only error a person sees. Typed errors stay in their module and become a Fault at its edge.

use serde::{Deserialize, Serialize};

/// Whose it is. Decides the exit code together with the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// Something about this machine.
    Machine,
    /// The network or what is behind it.
    Network,
    /// What was typed or written in a file.
    Input,
    /// A fault of kerbup's own.
    Ours,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// What went wrong, why, and what to do. No secret may be put in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A code that can be read out on the phone: `PORT-TAKEN`.
    pub code: String,
    /// One sentence that says what is wrong.
    pub says: String,
    /// What is known about why, most telling first: the evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// What to do, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cure: Vec<String>,
    /// Whose it is.
    pub whose: Whose,
    /// Where, for files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl Fault {
    /// A fault with its code and sentence; evidence and cure are added with the methods below.
    pub fn new(whose: Whose, code: &str, says: impl Into<String>) -> Self {
        Fault { code: code.into(), says: says.into(), because: vec![], cure: vec![], whose, place: None }
    }

    /// Adds evidence.
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.because.push(why.into());
        self
    }

    /// Adds a cure.
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure.push(cure.into());
        self
    }

    /// Says where in a file.
    pub fn at(mut self, file: impl Into<String>, line: u32, column: u32) -> Self {
        self.place = Some(Place { file: file.into(), line, column });
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(p) = &self.place {
            write!(f, "{}:{}:{}: ", p.file, p.line, p.column)?;
        }
        write!(f, "{} [{}]", self.says, self.code)
    }
}

impl std::error::Error for Fault {}
