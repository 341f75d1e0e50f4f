//! The door to time.

use std::time::Duration;

use async_trait::async_trait;

/// Time, real or told.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Seconds since 1970 with fractions.
    fn now(&self) -> f64;
    /// Seconds that only go forward, for measuring how long something took.
    fn ticks(&self) -> f64;
    /// Waits.
    async fn sleep(&self, how_long: Duration);
}
