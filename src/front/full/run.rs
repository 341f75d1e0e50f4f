//! The loop of the full screen: keys, events, ticks; drawn only when something changed, at most thirty times a second.

#![allow(clippy::disallowed_methods)]

use std::io::Write;
use std::time::Duration;

use crossterm::event::Event as Terminal;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::Leave;
use super::app::{Act, App};
use super::keyboard::Keyboard;
use super::keys::Key;
use super::terminal::{Held, fault};
use super::theme::Look;
use crate::flow::{Effect, Flow};
use crate::front::lease::{Request, Seat};
use crate::model::event::Event;
use crate::model::fault::Fault;

const FRAME: Duration = Duration::from_millis(33);
const SPIN: Duration = Duration::from_millis(200);

/// Seconds since 1970: the world's clock, which in practice is not this machine's.
pub type Now<'a> = &'a (dyn Fn() -> f64 + Sync);

/// Shows the flow until it is left. `perform` hands each effect to the drive, which answers with events; `seat` is the other
/// end of the lease by which the terminal is lent to a child process. What came of a run stays in the terminal, on
/// stdout. The first frame waits for nothing; the effects of `flow.start()` are performed when it is shown.
pub async fn run(
    mut flow: Flow,
    look: Look,
    mut seat: Seat,
    mut events: mpsc::UnboundedReceiver<Event>,
    perform: &mut dyn FnMut(Effect),
    (now, zone): (Now<'_>, jiff::tz::TimeZone),
) -> Result<Leave, Fault> {
    let tmux = std::env::var_os("TMUX").is_some();
    let first = flow.start();
    let mut app = App::new(flow, look, zone);
    let mut held = Held::take().map_err(fault)?;
    draw(&mut app, &mut held, now)?;
    first.into_iter().for_each(&mut *perform);
    let mut inputs = Inputs { keys: Some(Keyboard::read()), seat: &mut seat, events: &mut events };
    let leave = show(&mut app, &mut held, tmux, &mut inputs, perform, now).await;
    // Whoever has the terminal next reads every key.
    if let Some(keys) = inputs.keys.take() {
        keys.stop().await;
    }
    drop(held);
    let leave = leave?;
    let mut out = std::io::stdout();
    for line in app.last_words(leave) {
        // Nobody may be there to read it any more.
        let _ = writeln!(out, "{line}");
    }
    Ok(leave)
}

/// All that the loop waits for.
struct Inputs<'a> {
    /// None while somebody else reads the keys.
    keys: Option<Keyboard>,
    seat: &'a mut Seat,
    events: &'a mut mpsc::UnboundedReceiver<Event>,
}

async fn show(
    app: &mut App,
    held: &mut Held,
    tmux: bool,
    Inputs { keys, seat, events }: &mut Inputs<'_>,
    perform: &mut dyn FnMut(Effect),
    now: Now<'_>,
) -> Result<Leave, Fault> {
    let every = |period| {
        let mut tick = interval(period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        tick
    };
    // What spins moves often; an age grows by a second.
    let (mut spin, mut second) = (every(SPIN), every(Duration::from_secs(1)));
    let mut changed = false;
    let mut drawn = Instant::now();
    let mut events_open = true;
    let mut seat_open = true;
    loop {
        let mut act = Act::default();
        tokio::select! {
            biased;
            // Drawing first: however many events come in, the screen is seen to move.
            () = sleep_until(drawn + FRAME), if changed && held.ours() => {
                draw(app, held, now)?;
                changed = false;
                drawn = Instant::now();
            }
            asked = seat.asked.recv(), if seat_open => match asked {
                Some(Request::Release(done)) => {
                    // The child reads the keys now: nobody else may.
                    if let Some(keys) = keys.take() {
                        keys.stop().await;
                    }
                    held.release().map_err(fault)?;
                    let _ = done.send(());
                }
                Some(Request::Retake(done)) => {
                    held.retake().map_err(fault)?;
                    *keys = Some(Keyboard::read());
                    changed = true;
                    let _ = done.send(());
                }
                Some(Request::Elevate) => return Ok(Leave::Elevate),
                None => seat_open = false,
            },
            key = next(keys) => match key {
                Some(Ok(Terminal::Key(key))) => {
                    if let Some(key) = Key::of(&key) {
                        act = app.key(key, now());
                        changed = true;
                    }
                }
                Some(Ok(Terminal::Paste(text))) => {
                    act.effects = app.paste(&text, now());
                    changed = true;
                }
                // Whatever it did to what was shown: a window that is back at its size at once looks the same from here.
                Some(Ok(Terminal::Resize(..))) => {
                    act.repaint = true;
                    changed = true;
                }
                Some(Ok(_)) => {}
                // The terminal is gone: the run goes on without it.
                Some(Err(_)) | None => return Ok(Leave::Lost),
            },
            event = events.recv(), if events_open => match event {
                Some(event) => {
                    act.effects = app.event(event, now());
                    changed = true;
                }
                None => events_open = false,
            },
            _ = spin.tick(), if app.moving() => changed = true,
            _ = second.tick(), if app.ageing() => changed = true,
        }
        if let Some(leave) = apply(act, held, tmux, perform).map_err(fault)? {
            return Ok(leave);
        }
    }
}

/// What is to be seen now.
fn draw(app: &mut App, held: &mut Held, now: Now<'_>) -> Result<(), Fault> {
    let all = held.terminal.draw(|frame| {
        let area = frame.area();
        app.draw(area, frame.buffer_mut(), now());
    });
    all.map(drop).map_err(fault)
}

/// The next key; waits for ever while somebody else reads them.
async fn next(keys: &mut Option<Keyboard>) -> Option<std::io::Result<Terminal>> {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

fn apply(act: Act, held: &mut Held, tmux: bool, perform: &mut dyn FnMut(Effect)) -> std::io::Result<Option<Leave>> {
    let quit = act.effects.iter().find_map(|e| match e {
        Effect::Quit(code) => Some(Leave::Quit(*code)),
        _ => None,
    });
    act.effects.into_iter().for_each(&mut *perform);
    if let Some(text) = act.copy {
        held.copy(&text, tmux)?;
    }
    if act.suspend {
        held.suspend()?;
    }
    if act.repaint {
        held.retake()?;
    }
    Ok(act.leave.or(quit))
}
