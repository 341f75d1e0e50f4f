//! Secrets: made, stored, looked up only while a step is applied, and cut out of everything that is shown.

pub mod make;
pub mod redact;
pub mod store;

pub use redact::Redactor;
pub use store::Secrets;
