//! This machine's clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use crate::world::clock::Clock;

/// The system's time and a monotonic count from when this was made.
pub struct RealClock {
    began: Instant,
}

impl RealClock {
    /// Starts counting.
    pub fn new() -> Self {
        RealClock { began: Instant::now() }
    }
}

impl Default for RealClock {
    fn default() -> Self {
        RealClock::new()
    }
}

#[async_trait]
impl Clock for RealClock {
    fn now(&self) -> f64 {
        // A clock before 1970 (a board without battery) is told as a negative time, not as an error.
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        }
    }

    fn ticks(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ticks_go_forward_with_sleep_and_now_is_of_this_age() {
        let clock = RealClock::new();
        let before = clock.ticks();
        clock.sleep(Duration::from_millis(20)).await;
        assert!(clock.ticks() - before >= 0.02);
        assert!(clock.now() > 1_700_000_000.0);
    }
}
