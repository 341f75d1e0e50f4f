//! The loop: performs effects and feeds their events back.
