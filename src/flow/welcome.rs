//! What can be done from the first screen, whatever the front: what stands or was left half-done comes first.

use super::state::{Purpose, Standing};
use super::{Flow, Intent};
use crate::words::welcome as words;

/// Something that can be done.
#[derive(Debug, Clone)]
pub struct Offer {
    /// In words.
    pub says: String,
    /// What it means.
    pub means: String,
    /// What is done.
    pub act: Act,
}

/// What an offer does.
#[derive(Debug, Clone)]
pub enum Act {
    /// This is wanted.
    Want(Intent),
    /// This is wanted of a standing site, once its answers are read.
    Of(String, Intent),
    /// A standing site is taken down, after a question.
    TakeDown(String),
}

fn of(s: &Standing) -> Vec<Offer> {
    let name = s.site.as_str();
    let offer = |(says, means): (String, String), act: Act| Offer { says, means, act };
    let of = |intent: Intent| Act::Of(name.into(), intent);
    let mut offers = vec![];
    if s.running {
        offers.push(offer(words::show(name), of(Intent::Resume(name.into()))));
    } else if s.unfinished && s.purpose == Purpose::Uninstall {
        offers.push(offer(words::finish_down(name), of(Intent::Resume(name.into()))));
    } else if s.unfinished {
        offers.push(offer(words::go_on(name, s.done, s.of), of(Intent::Resume(name.into()))));
    }
    offers.push(offer(words::status(name), of(Intent::Dashboard)));
    // While another kerbup is at work on it there is nothing to change.
    if !s.running {
        offers.push(offer(words::change(name), of(Intent::Change)));
        offers.push(offer(words::repair(name), Act::Want(Intent::Repair(name.into()))));
        if s.purpose != Purpose::Uninstall {
            offers.push(offer(words::take_down(name), Act::TakeDown(name.into())));
        }
    }
    offers
}

impl Flow {
    /// All that the first screen offers, the most likely first.
    pub fn offers(&self) -> Vec<Offer> {
        let mut offers: Vec<Offer> = self.standing.iter().flat_map(of).collect();
        let plain = |says: &str, means: &str, intent| Offer { says: says.into(), means: means.into(), act: Act::Want(intent) };
        if let Some(draft) = &self.draft {
            offers.push(plain(words::TAKE_UP, &words::take_up_means(draft.cameras), Intent::TakeUp));
        }
        offers.push(match self.standing.is_empty() {
            true => plain(words::START, "", Intent::Next),
            false => plain(words::ANOTHER, words::ANOTHER_MEANS, Intent::Another),
        });
        if !self.practice {
            offers.push(plain(words::TRY_FIRST, words::TRY_MEANS, Intent::Practise));
        }
        offers
    }
}
