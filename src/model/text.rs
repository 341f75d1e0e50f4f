//! Text with holes: what a recipe's `${…}` becomes once it is rendered. A hole is a reference to a secret, so no plan holds one.

use serde::{Deserialize, Serialize};

/// What people see of a secret, however long it is.
pub const DOTS: &str = "••••";

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Piece {
    /// As it stands.
    Literal(String),
    /// The name of a secret, looked up only while a step is applied.
    Secret {
        /// Its name in secrets.toml: `mongodb.password`.
        secret: String,
    },
}

/// A list of literals and references to secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub Vec<Piece>);

impl Text {
    /// A text without holes.
    pub fn literal(text: impl Into<String>) -> Self {
        Text(vec![Piece::Literal(text.into())])
    }

    /// A text that is one secret.
    pub fn secret(name: impl Into<String>) -> Self {
        Text(vec![Piece::Secret { secret: name.into() }])
    }

    /// The text with every secret shown as dots, for people.
    pub fn shown(&self) -> String {
        self.0
            .iter()
            .map(|p| match p {
                Piece::Literal(t) => t.as_str(),
                Piece::Secret { .. } => DOTS,
            })
            .collect()
    }

    /// The text with every secret shown as a shell variable: `${MONGODB_PASSWORD}`.
    pub fn by_hand(&self) -> String {
        self.0
            .iter()
            .map(|p| match p {
                Piece::Literal(t) => t.clone(),
                Piece::Secret { secret } => format!("${{{}}}", secret.to_uppercase().replace(['.', '-'], "_")),
            })
            .collect()
    }

    /// Names of the secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|p| match p {
            Piece::Secret { secret } => Some(secret.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The plain text, where there are no secrets in it.
    pub fn plain(&self) -> Option<String> {
        self.0
            .iter()
            .map(|p| match p {
                Piece::Literal(t) => Some(t.as_str()),
                Piece::Secret { .. } => None,
            })
            .collect()
    }
}
