//! A question over the screen. The safe answer is first and chosen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use super::list::Cursor;
use super::page::Page;
use super::text::{width, wrap};
use crate::flow::{Flow, Intent};
use crate::front::full::Leave;
use crate::front::full::keys::{Hint, Key};
use crate::front::full::screen::{Reply, Screen};
use crate::front::full::theme::Theme;

/// What an answer does.
#[derive(Debug, Clone)]
pub enum Then {
    /// Nothing: the question goes away.
    Nothing,
    /// This is wanted.
    Want(Vec<Intent>),
    /// The screen is left.
    Leave(Leave),
}

/// A question.
#[derive(Debug)]
pub struct Ask {
    question: String,
    says: String,
    answers: Vec<(String, Then)>,
    at: Cursor,
}

impl Ask {
    /// A question with its safe answer, which does nothing.
    pub fn new(question: impl Into<String>, says: impl Into<String>, safe: &str) -> Self {
        Ask { question: question.into(), says: says.into(), answers: vec![(safe.into(), Then::Nothing)], at: Cursor::default() }
    }

    /// A further answer.
    pub fn or(mut self, answer: impl Into<String>, then: Then) -> Self {
        self.answers.push((answer.into(), then));
        self
    }

    /// The question as a layer.
    pub fn open(self) -> Reply {
        Reply::Open(Box::new(self), vec![])
    }
}

impl Screen for Ask {
    fn on(&mut self, key: Key, _: &Flow) -> Reply {
        if self.at.on(key, self.answers.len()) {
            return Reply::Taken;
        }
        match key {
            Key::Tab => {
                let next = (self.at.at(self.answers.len()) + 1) % self.answers.len().max(1);
                self.at = Cursor::to(next);
                Reply::Taken
            }
            Key::Enter => match self.answers.get(self.at.at(self.answers.len())).map(|(_, then)| then.clone()) {
                Some(Then::Want(intents)) => Reply::Close(intents),
                Some(Then::Leave(leave)) => Reply::Leave(leave),
                _ => Reply::Close(vec![]),
            },
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, _: &Flow) -> Vec<Hint> {
        vec![Hint::rows("choose"), Hint::key(Key::Enter, "answer")]
    }

    fn draw(&self, _: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let longest =
            self.answers.iter().map(|(a, _)| width(a) + 2).chain([width(&self.question), width(&self.says).min(56)]).max().unwrap_or(0);
        let inner = longest.min(usize::from(area.width).saturating_sub(6)).max(1);
        let says = if self.says.is_empty() { vec![] } else { wrap(&self.says, inner) };
        let question = wrap(&self.question, inner);
        let rows = question.len() + says.len() + usize::from(!says.is_empty()) + 1 + self.answers.len() + 2;
        let (w, h) = ((inner as u16 + 6).min(area.width), (rows as u16).min(area.height));
        let place =
            Rect { x: area.x + (area.width - w) / 2, y: area.y + (area.height - h) / 2, width: w, height: h }.intersection(buf.area);
        Clear.render(place, buf);
        let block = Block::bordered().border_style(theme.accent());
        let inside = block.inner(place);
        block.render(place, buf);
        let inside = Rect { x: inside.x.saturating_add(2).min(inside.right()), width: inside.width.saturating_sub(4), ..inside };
        let mut page = Page::new(buf, inside);
        for line in question {
            page.text(&line, theme.strong());
        }
        if !says.is_empty() && usize::from(page.room()) > self.answers.len() + 1 {
            page.gap();
            for line in says.into_iter().take(usize::from(page.room()).saturating_sub(self.answers.len() + 1)) {
                page.text(&line, theme.dim());
            }
        }
        if usize::from(page.room()) > self.answers.len() {
            page.gap();
        }
        let at = self.at.at(self.answers.len());
        for (i, (answer, _)) in self.answers.iter().enumerate() {
            page.row(i == at, theme, answer.clone());
        }
    }

    fn over(&self) -> bool {
        true
    }
}
