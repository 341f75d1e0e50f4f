//! Renders a component for an engine. One folder an engine; the components' recipes know none of them.

pub mod docker;
pub mod workload;

pub use workload::Workload;
