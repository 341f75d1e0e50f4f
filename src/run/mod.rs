//! Carries a plan out: order, parallelism, retry, journal, resume, revert, lock.
