//! Renders a component for an engine.
