//! What holds on every screen, in every state, at every size, in every look; and how some of them look exactly.

use std::fs;
use std::path::Path;

use kerbup::front::full::app::App;
use kerbup::front::full::keys::Key;
use kerbup::front::full::{Colour, Leave, Look};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::states::{self, NOW, STATES};

/// Colours, and letters of every kind.
pub const COLOUR: Look = Look { colour: Colour::Sixteen, ascii: false };
const MONO: Look = Look { colour: Colour::Mono, ascii: false };
const ASCII: Look = Look { colour: Colour::Mono, ascii: true };

/// The screen as it is drawn at a size.
pub fn drawn(app: &App, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    app.draw(area, &mut buf, NOW);
    buf
}

fn rows(buf: &Buffer) -> Vec<String> {
    let width = usize::from(buf.area.width).max(1);
    buf.content.chunks(width).map(|row| row.iter().map(|c| c.symbol()).collect::<String>().trim_end().to_string()).collect()
}

/// Its letters.
pub fn text(buf: &Buffer) -> String {
    rows(buf).join("\n")
}

#[test]
fn every_state_is_drawn_at_every_usual_size_in_every_look() {
    for (name, make) in STATES {
        for look in [COLOUR, MONO, ASCII] {
            let app = make(look);
            for (w, h) in [(80, 24), (120, 40), (40, 12), (72, 20), (109, 30), (41, 13), (200, 15), (39, 11)] {
                let buf = drawn(&app, w, h);
                assert!(text(&buf).trim().len() > 20, "{name} is empty at {w}x{h}");
                let signs: String = buf.content.iter().map(|c| c.symbol()).collect();
                assert!(!look.ascii || signs.is_ascii(), "{name} at {w}x{h} is not ASCII");
            }
        }
    }
}

/// What reaches the right edge must end there as it would with more room, or say by an ellipsis that there is more.
#[test]
fn nothing_is_cut_without_a_sign_at_80x24() {
    for (name, make) in STATES {
        let app = make(COLOUR);
        let wide: Vec<String> = rows(&drawn(&app, 108, 24));
        for row in rows(&drawn(&app, 80, 24)) {
            // A question lies over what is below it.
            if row.contains(['┌', '│', '└']) {
                continue;
            }
            let Some(word) = row.split_whitespace().last().filter(|_| row.chars().count() >= 78) else { continue };
            let whole =
                word.contains(['…', '─', '▇', '░', '│', '┐', '┘']) || wide.iter().any(|w| w.split_whitespace().any(|other| other == word));
            assert!(whole, "{name}: cut at the edge: {row:?}");
        }
    }
}

#[test]
fn at_80x24_the_usual_screens_need_no_ellipsis() {
    for name in ["welcome", "machine", "where", "cameras", "storage", "review", "install", "failed", "done", "dashboard"] {
        let screen = text(&drawn(&states::state(name, COLOUR), 80, 24));
        assert!(!screen.contains('…'), "{name}\n{screen}");
    }
}

#[test]
fn the_keys_of_the_footer_all_do_something() {
    for (name, make) in STATES {
        let hints = make(COLOUR).hints();
        // Where something is typed, a question mark is a letter.
        let help = if make(COLOUR).typing() { Key::F(1) } else { Key::Char('?') };
        assert!(hints.iter().any(|h| h.keys.contains(&help) && h.label == "help"), "{name} has no help");
        for hint in hints {
            for key in hint.keys {
                let act = make(COLOUR).key(key, NOW);
                assert!(act.handled, "{name}: {key:?} ({}) does nothing", hint.label);
            }
        }
    }
}

#[test]
fn the_footer_leads_to_help_at_every_size() {
    for (name, make) in STATES {
        for (w, h) in [(80, 24), (40, 12), (120, 40)] {
            let last = rows(&drawn(&make(COLOUR), w, h)).pop().unwrap_or_default();
            let key = if make(COLOUR).typing() { "F1" } else { "?" };
            assert!(last.contains(&format!("{key} help")), "{name} at {w}x{h}: {last:?}");
        }
    }
}

#[test]
fn every_state_of_a_part_and_a_camera_has_a_word() {
    let screen = text(&drawn(&states::state("dashboard-states", MONO), 80, 40));
    for word in ["healthy", "starting", "not well", "down", "stopped", "not set up", "not there", "unknown"] {
        assert!(screen.contains(word), "part: {word}\n{screen}");
    }
    for word in ["recording", "watching", "starting", "no picture", "wrong login", "stopped", "unknown"] {
        assert!(screen.contains(word), "camera: {word}");
    }
}

#[test]
fn colour_is_never_needed_and_never_used_when_it_is_not_wanted() {
    for (name, make) in STATES {
        for (w, h) in [(80, 24), (40, 12)] {
            let (colour, mono) = (drawn(&make(COLOUR), w, h), drawn(&make(MONO), w, h));
            assert_eq!(text(&colour), text(&mono), "{name}");
            assert!(mono.content.iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset), "{name} has colour");
        }
    }
}

#[test]
fn a_password_is_dots_until_it_is_asked_for() {
    let mut app = states::state("camera-form", COLOUR);
    assert!(!text(&drawn(&app, 80, 24)).contains("pw"));
    app.key(Key::Ctrl('v'), NOW);
    assert!(text(&drawn(&app, 80, 24)).contains("pw"));
    assert!(!format!("{app:?}").contains("\"pw\""), "and never in a debug print");
    assert!(!text(&drawn(&states::state("done", COLOUR), 80, 24)).contains("k3Rb0sPassw0rd"));
    let mut app = states::state("done-password", COLOUR);
    assert!(text(&drawn(&app, 80, 24)).contains("k3Rb0sPassw0rd"));
    app.key(Key::Char('v'), NOW);
    assert!(!text(&drawn(&app, 80, 24)).contains("k3Rb0sPassw0rd"));
}

#[test]
fn the_first_ctrl_c_asks_and_a_second_soon_after_stops() {
    for (name, make) in STATES {
        let mut app = make(COLOUR);
        // States in which it was pressed before begin anew.
        app.key(Key::Ctrl('l'), NOW);
        assert_eq!(app.key(Key::Ctrl('c'), NOW).leave, None, "{name}");
        assert_eq!(app.key(Key::Ctrl('c'), NOW + 1.5).leave, Some(Leave::Interrupted), "{name}");
        let mut app = make(COLOUR);
        app.key(Key::Ctrl('c'), NOW + 10.0);
        let late = if app.flow.practice { 9.0 } else { 3.0 };
        assert_eq!(app.key(Key::Ctrl('c'), NOW + 10.0 + late).leave, None, "{name}: too late to be the second");
    }
}

#[test]
fn escape_never_leaves_and_nothing_but_the_button_installs() {
    use kerbup::flow::Effect;
    for (name, make) in STATES {
        let mut app = make(COLOUR);
        for _ in 0..8 {
            let act = app.key(Key::Esc, NOW);
            assert!(act.leave.is_none() && !act.effects.iter().any(|e| matches!(e, Effect::Quit(_))), "{name}");
        }
        let act = make(COLOUR).key(Key::Enter, NOW);
        let installs = act.effects.iter().any(|e| matches!(e, Effect::Install(_)));
        assert_eq!(installs, *name == "review-button", "{name}");
    }
}

#[test]
fn taking_down_shows_what_goes_and_what_stays_and_the_safe_answer_is_chosen() {
    use kerbup::flow::Effect;
    let mut app = states::state("take-down", COLOUR);
    for (w, h) in [(80, 24), (40, 12)] {
        let screen = text(&drawn(&app, w, h));
        for word in ["the part video store", "recordings and databases", "Keep it", "Take shop-12 down"] {
            assert!(screen.contains(word), "{word}\n{screen}");
        }
    }
    assert!(!app.key(Key::Enter, NOW).effects.iter().any(|e| matches!(e, Effect::Uninstall)));
    let mut app = states::state("take-down", COLOUR);
    app.key(Key::Down, NOW);
    let act = app.key(Key::Enter, NOW);
    assert!(matches!(act.effects.as_slice(), [Effect::Load(site), Effect::Uninstall] if site == "shop-12"), "{:?}", act.effects);
}

#[test]
fn review_opens_without_its_button_chosen_each_time() {
    use kerbup::flow::{Effect, Stage};
    let mut app = states::state("review-button", COLOUR);
    for key in [Key::Esc, Key::Esc, Key::End, Key::Enter] {
        app.key(key, NOW);
    }
    assert_eq!(app.flow.here(), Stage::Review);
    let plan = states::state("review", COLOUR).flow.plan.unwrap();
    app.event(kerbup::model::event::Event::Planned { plan: Box::new(plan), states: Default::default() }, NOW);
    let act = app.key(Key::Enter, NOW);
    assert!(!act.effects.iter().any(|e| matches!(e, Effect::Install(_))) && app.flow.here() == Stage::Review);
}

#[test]
fn a_plan_for_a_site_that_stands_shows_what_goes_and_what_changes_first() {
    use kerbup::flow::state::Standing;
    use kerbup::model::event::Event;
    use kerbup::model::plan::StepState;
    let mut app = states::state("review", COLOUR);
    let plan = app.flow.plan.clone().unwrap();
    app.flow.standing = vec![Standing { site: app.flow.answers.site.clone(), stood: true, ..Standing::default() }];
    let mut states: std::collections::BTreeMap<_, _> = plan.steps.iter().map(|s| (s.id.clone(), StepState::OursAlready)).collect();
    let last = plan.steps.last().unwrap().clone();
    let shown = |app: &mut App, states: &std::collections::BTreeMap<String, StepState>| {
        app.flow.planning = true;
        app.event(Event::Planned { plan: Box::new(plan.clone()), states: states.clone() }, NOW);
        rows(&drawn(app, 80, 24))
    };
    let none = shown(&mut app, &states).join("\n");
    assert!(none.contains("[ Nothing to change ]"), "{none}");
    states.insert(last.id.clone(), StepState::Different { diff: vec!["its settings differ".into()] });
    states.insert("container:agent-old".into(), StepState::Remove { title: "Remove the recorder of old".into() });
    let some = shown(&mut app, &states);
    let at = |word: &str| some.iter().position(|r| r.contains(word)).unwrap_or_else(|| panic!("{word}: {some:?}"));
    assert!(some[at("Remove the recorder of old")].contains("–  Remove"), "{some:?}");
    assert_eq!(at(&format!("~  {}", last.title)), at("Remove the recorder of old") + 1);
    assert!(some.iter().any(|r| r.contains("[ Change now: 2 steps ]")), "{some:?}");
}

#[test]
fn the_whole_journey_goes_by_keys() {
    use kerbup::flow::Stage;
    let mut app = states::state("welcome", COLOUR);
    app.key(Key::Enter, NOW);
    app.flow = states::state("machine", COLOUR).flow;
    app.key(Key::Right, NOW);
    assert_eq!(app.flow.here(), Stage::Where);
    app.flow.choices = states::state("where", COLOUR).flow.choices;
    app.key(Key::Right, NOW);
    app.key(Key::Right, NOW);
    assert_eq!(app.flow.here(), Stage::Storage);
    for key in [Key::Up, Key::End, Key::Enter] {
        app.key(key, NOW);
    }
    assert_eq!(app.flow.here(), Stage::Review);
    for _ in 0..5 {
        app.key(Key::Esc, NOW);
    }
    assert_eq!(app.flow.here(), Stage::Welcome);
    let mut app = states::state("review-button", COLOUR);
    app.key(Key::Enter, NOW);
    assert_eq!(app.flow.here(), Stage::Install);
    let mut app = states::state("done", COLOUR);
    app.key(Key::Enter, NOW);
    assert_eq!(app.flow.here(), Stage::Dashboard);
    app.key(Key::Esc, NOW);
    assert_eq!(app.flow.here(), Stage::Done);
}

#[test]
fn in_practice_every_stage_says_that_nothing_is_changed() {
    for (name, make) in STATES {
        let mut app = make(COLOUR);
        app.flow.practice = true;
        assert!(text(&drawn(&app, 80, 24)).contains("practice: nothing is changed"), "{name}");
        assert!(text(&drawn(&app, 40, 12)).contains("practice"), "{name}");
    }
}

/// The best of many frames is what the drawing itself takes, however busy the machine is otherwise.
#[test]
fn a_frame_with_200_cameras_fits_in_its_thirtieth_of_a_second() {
    for name in ["dashboard-200", "cameras-many"] {
        let mut app = states::state(name, COLOUR);
        let frame = |app: &mut App| {
            let start = std::time::Instant::now();
            app.key(Key::Down, NOW);
            drawn(app, 120, 40);
            start.elapsed()
        };
        let best = (0..60).map(|_| frame(&mut app)).min().unwrap();
        assert!(best.as_millis() < 33, "{name}: {best:?}");
    }
}

#[test]
fn what_came_of_it_stays_in_the_terminal_without_the_password() {
    let done = states::state("done-password", COLOUR);
    let said = done.last_words(Leave::Quit(0)).join("\n");
    // What stands on the screen stays in the terminal, line by line.
    for line in
        ["It records: front-door", "yard: recorded as asked", "http://192.0.2.20:8080   user root", "Recording goes on", "kerbup passwords"]
    {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(!said.contains("k3Rb0sPassw0rd"));
    assert!(states::state("install", COLOUR).last_words(Leave::Quit(0))[0].contains("goes on"));
    assert!(states::state("install", COLOUR).last_words(Leave::Interrupted)[0].contains("go on from there"));
    assert!(states::state("storage", COLOUR).last_words(Leave::Interrupted).is_empty());
}

#[test]
fn done_claims_no_more_than_came() {
    for (name, said) in [("done-no-camera", "nothing records"), ("done-none-records", "No recording was seen yet")] {
        let app = states::state(name, COLOUR);
        let screen = format!("{}\n{}", text(&drawn(&app, 80, 24)), app.last_words(Leave::Quit(0)).join("\n"));
        assert_eq!(screen.matches(said).count(), 2, "{name}\n{screen}");
        for more in ["Recording goes on", "it records on", "passwords", "VPN"] {
            assert!(!screen.contains(more), "{name}: {more}\n{screen}");
        }
    }
    let small = text(&drawn(&states::state("done-no-camera", COLOUR), 80, 24));
    assert!(small.contains("/srv/kerberos/agents"), "{small}");
}

/// A camera's form with an address and this name in it, sent off.
fn sent(name: &str) -> App {
    let mut app = states::state("cameras-none", COLOUR);
    app.key(Key::Enter, NOW);
    for text in ["192.0.2.44", "viewer", "geheim", name] {
        app.paste(text, NOW);
        app.key(Key::Tab, NOW);
    }
    app.key(Key::Tab, NOW);
    app.key(Key::Enter, NOW);
    app
}

#[test]
fn a_camera_that_cannot_be_taken_keeps_its_form_with_all_that_was_typed() {
    use kerbup::model::event::Event;
    use kerbup::model::fault::{Fault, Whose};
    let mut app = sent("Front Door");
    assert!(text(&drawn(&app, 80, 24)).contains("is kept as front-door"));
    let fault = Fault::new(Whose::Input, "CAMERA-ADDRESS", "That is no address.").cure("Write it anew.");
    app.event(Event::Failed { fault }, NOW);
    let screen = text(&drawn(&app, 80, 24));
    for kept in ["That is no address.", "› Address", "192.0.2.44", "viewer", "••••••", "Front Door"] {
        assert!(screen.contains(kept), "{kept}\n{screen}");
    }
    // Understood, it goes away; another one of the same name is refused where it is typed.
    for _ in 0..5 {
        app.key(Key::Tab, NOW);
    }
    app.key(Key::Enter, NOW);
    let camera = super::shop::camera("front-door", 44, Some("viewer"), kerbup::model::answers::Record::Motion);
    app.event(Event::CameraSet { index: None, camera, advice: String::new() }, NOW);
    assert!(text(&drawn(&app, 80, 24)).contains("add one"));
    let mut twin = sent("");
    twin.flow.answers.cameras = app.flow.answers.cameras.clone();
    twin.event(Event::Failed { fault: Fault::new(Whose::Input, "CAMERA-ADDRESS", "No.") }, NOW);
    for key in [Key::Tab, Key::Tab, Key::Tab] {
        twin.key(key, NOW);
    }
    twin.paste("front-door", NOW);
    for key in [Key::Tab, Key::Tab, Key::Enter] {
        twin.key(key, NOW);
    }
    let screen = text(&drawn(&twin, 80, 24));
    assert!(screen.contains("CAMERA-TWICE") && screen.contains("› Name") && screen.contains("192.0.2.44"), "{screen}");
}

#[test]
fn storage_offers_the_disks_and_says_at_once_what_is_wrong_with_one() {
    let screen = text(&drawn(&states::state("storage-disk", COLOUR), 80, 24));
    for said in ["/srv", "1.7 TB free, 1.8 TB hard disk", "chosen", "21 GB free, 57 GB eMMC", "Not usable: sdb", "not ready: exFAT"] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    // Taking another one fills the folder.
    let mut app = states::state("storage", COLOUR);
    app.key(Key::Down, NOW);
    app.flow.answers.path = "/elsewhere".into();
    let act = app.key(Key::Enter, NOW);
    assert_eq!(app.flow.answers.path, "/srv/kerberos");
    assert!(act.effects.iter().any(|e| matches!(e, kerbup::flow::Effect::Check(_))), "its checks are asked for at once");
    let screen = text(&drawn(&states::state("storage-block", COLOUR), 80, 24));
    assert_eq!(screen.matches("lies on exfat").count(), 2, "beside the folder, and as what stands in the way\n{screen}");
    assert!(screen.contains("Choose a folder on a disk") && screen.contains("[ Show me the plan ]"), "{screen}");
    let small = text(&drawn(&states::state("storage-small", COLOUR), 80, 24));
    assert!(!small.contains("Who may open") && small.contains("Keep recordings"), "{small}");
}

#[test]
fn one_camera_that_is_not_measured_leaves_what_the_others_need() {
    let screen = text(&drawn(&states::state("storage-partly", COLOUR), 80, 24)).replace("\n  ", "");
    let cameras = states::state("storage-partly", COLOUR).flow.answers.cameras.len();
    assert!(screen.contains(&format!("At least 900 GB in 30 days for {} of {cameras} cameras", cameras - 1)), "{screen}");
    assert!(screen.contains("till was not measured") && !screen.contains("fits") && !screen.contains("no camera's stream"), "{screen}");
}

#[test]
fn what_is_pasted_goes_into_a_field_and_is_no_command() {
    let mut app = states::state("camera-form", COLOUR);
    app.key(Key::BackTab, NOW);
    app.paste(" qd?\n", NOW);
    assert!(text(&drawn(&app, 80, 24)).contains("viewerqd?"));
    let mut app = states::state("cameras", COLOUR);
    let before = app.flow.answers.clone();
    assert!(app.paste("d\nq?", NOW).is_empty());
    assert_eq!(app.flow.answers, before);
    assert!(text(&drawn(&app, 80, 24)).contains("Open the field"));
}

#[rustfmt::skip]
const KEYS: [Key; 30] = [
    Key::Up,
    Key::Down,
    Key::Left,
    Key::Right,
    Key::Enter,
    Key::Enter,
    Key::Esc,
    Key::Tab,
    Key::BackTab,
    Key::PageUp,
    Key::PageDown,
    Key::Home,
    Key::End,
    Key::Backspace,
    Key::Delete,
    Key::Char(' '),
    Key::Char('a'),
    Key::Char('c'),
    Key::Char('l'),
    Key::Char('r'),
    Key::Char('w'),
    Key::Char('d'),
    Key::Char('/'),
    Key::Char('n'),
    Key::Char('?'),
    Key::Char('7'),
    Key::Char('門'),
    Key::Char('v'),
    Key::Ctrl('c'),
    Key::Char('g'),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_size_and_no_key_ever_panics(
        state in 0..STATES.len(), keys in prop::collection::vec(0..KEYS.len(), 0..25), w in 0u16..=250, h in 0u16..=80, ascii: bool
    ) {
        let mut app = STATES[state].1(Look { colour: Colour::Sixteen, ascii });
        for key in keys {
            drawn(&app, w, h);
            app.key(KEYS[key], NOW);
        }
        drawn(&app, w, h);
        drawn(&app, w % 5, h % 3);
    }
}

/// Text and style of a screen: the letters, and below each row one that names the styles that are not the terminal's own.
fn snapshot(buf: &Buffer) -> String {
    let sign = |c: &ratatui::buffer::Cell| match (c.modifier, c.fg) {
        (m, _) if m.contains(Modifier::REVERSED) => 'R',
        (_, Color::Cyan) => 'a',
        (_, Color::Green) => 'g',
        (_, Color::Yellow) => 'w',
        (_, Color::Red) => 'b',
        (m, _) if m.contains(Modifier::BOLD) => 'B',
        (m, _) if m.contains(Modifier::DIM) => 'd',
        _ => ' ',
    };
    let width = usize::from(buf.area.width);
    let mut out = String::from("a accent, g good, w warning, b bad, B bold, d dim, R reverse\n");
    for row in buf.content.chunks(width) {
        let letters: String = row.iter().map(|c| c.symbol()).collect();
        let styles: String =
            row.iter().map(|c| if c.symbol() == " " && !c.modifier.contains(Modifier::REVERSED) { ' ' } else { sign(c) }).collect();
        out += &format!("|{}\n", letters.trim_end());
        if !styles.trim().is_empty() {
            out += &format!(":{}\n", styles.trim_end());
        }
    }
    out
}

#[test]
fn some_screens_look_exactly_like_this() {
    let stages = ["welcome", "machine", "cameras", "review", "install", "failed", "dashboard"];
    let all = stages.iter().map(|s| (*s, COLOUR, 80, 24, format!("{s}.txt")));
    let narrow = ["cameras", "install", "dashboard"].iter().map(|s| (*s, COLOUR, 40, 12, format!("{s}-narrow.txt")));
    let ascii = ["review", "dashboard"].iter().map(|s| (*s, ASCII, 80, 24, format!("{s}-ascii.txt")));
    let mut differ = vec![];
    for (name, look, w, h, file) in all.chain(narrow).chain(ascii) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(&file);
        let now = snapshot(&drawn(&states::state(name, look), w, h));
        if std::env::var_os("KERBUP_UPDATE").is_some() {
            fs::write(&path, &now).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != now {
            differ.push(format!("{file} is now:\n{now}"));
        }
    }
    assert!(differ.is_empty(), "look at them, then run again with KERBUP_UPDATE=1:\n{}", differ.join("\n"));
}
