//! Rules over host facts and answers. Pure: one rule a function, one list of them.
