//! Which questions there are, their defaults, and what an answer must be like. Pure.
