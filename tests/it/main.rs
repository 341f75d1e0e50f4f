//! The one test binary: the house, the recipes, plans, runs, fronts, screens and real engines.

mod house;
mod screens;
mod shop;
mod shot;
mod states;
mod terminal;
