//! Told time: it runs faster than ours, or only when somebody sleeps.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::world::clock::Clock;

/// How told time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many seconds in one of ours.
    Speed(f64),
    /// Only as far as sleepers ask: a test's minute takes no time.
    Manual,
}

/// The clock of a described machine.
pub(super) struct Told {
    begin: f64,
    pace: Pace,
    started: Instant,
    manual: Mutex<f64>,
}

impl Told {
    pub(super) fn new(begin: f64, pace: Pace) -> Self {
        Told { begin, pace, started: Instant::now(), manual: Mutex::new(0.0) }
    }

    /// Moves manual time on.
    pub(super) fn advance(&self, by: Duration) {
        if let Ok(mut now) = self.manual.lock() {
            *now += by.as_secs_f64();
        }
    }
}

#[async_trait]
impl Clock for Told {
    fn now(&self) -> f64 {
        self.begin + self.ticks()
    }

    fn ticks(&self) -> f64 {
        match self.pace {
            Pace::Speed(factor) => self.started.elapsed().as_secs_f64() * factor,
            Pace::Manual => self.manual.lock().map_or(0.0, |now| *now),
        }
    }

    async fn sleep(&self, how_long: Duration) {
        match self.pace {
            Pace::Speed(factor) => tokio::time::sleep(how_long.div_f64(factor.max(0.001))).await,
            Pace::Manual => {
                let until = self.ticks() + how_long.as_secs_f64();
                // Others may run first, and their sleep may already take time there.
                tokio::task::yield_now().await;
                if let Ok(mut now) = self.manual.lock() {
                    *now = now.max(until);
                }
            }
        }
    }
}
