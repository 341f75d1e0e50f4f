//! Units as files, links and what systemctl is told.

use super::*;
use crate::step::alone;
use crate::world::fake::{self, Answer, Described, Pace, Sort as Why, Trouble, Verb};

fn context(programs: Vec<Answer>, trouble: Vec<Trouble>) -> Context {
    let described = Described { programs, trouble, ..fake::named("server").unwrap() };
    alone::context(fake::paced(described, Pace::Speed(1000.0)).0).0
}

fn systemd() -> Vec<Answer> {
    vec![Answer { program: "systemctl".into(), ..Answer::default() }]
}

fn step() -> Step {
    let with = guard("shop", "/var/lib/kerbup", "/var/lib/kerbup/shop/kerbup");
    alone::step("unit:guard", "unit", &with)
}

#[tokio::test]
async fn both_files_are_written_found_again_and_removed() {
    let (cx, s) = (context(systemd(), vec![]), step());
    let f = &*cx.world.files;
    assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::Absent);
    let before = f.list(FOLDER).unwrap();
    let undo = Unit.prepare(&s, &cx).await.unwrap();
    assert_eq!(f.list(FOLDER).unwrap(), before, "prepare changes nothing");
    Unit.apply(&s, &cx).await.unwrap();
    let service = String::from_utf8(f.read("/etc/systemd/system/kerbup-shop-guard.service").unwrap()).unwrap();
    assert!(
        service.contains("\nType=oneshot\nExecStart=/var/lib/kerbup/shop/kerbup --state /var/lib/kerbup guard --site shop\n"),
        "{service}"
    );
    let timer = String::from_utf8(f.read("/etc/systemd/system/kerbup-shop-guard.timer").unwrap()).unwrap();
    assert!(
        timer.contains("OnBootSec=10min\nOnUnitActiveSec=1h\n") && timer.contains("WantedBy=timers.target") && !timer.contains("{{"),
        "{timer}"
    );
    assert_eq!(f.meta("/etc/systemd/system/kerbup-shop-guard.timer").unwrap().mode, 0o644);
    assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::OursAlready);
    Unit.revert(&s, &undo, &cx).await.unwrap();
    Unit.revert(&s, &undo, &cx).await.unwrap();
    assert_eq!(f.list(FOLDER).unwrap(), before);
}

#[tokio::test]
async fn a_service_without_a_timer_waits_for_the_next_start_of_the_machine() {
    let cx = context(systemd(), vec![]);
    let with = disk("shop", "/var/lib/kerbup", "/var/lib/kerbup/shop/kerbup");
    let s = Step { id: "unit:disk".into(), with: crate::step::details(&with).unwrap(), ..step() };
    let f = &*cx.world.files;
    let before = f.list(FOLDER).unwrap();
    let undo = Unit.prepare(&s, &cx).await.unwrap();
    Unit.apply(&s, &cx).await.unwrap();
    let service = String::from_utf8(f.read("/etc/systemd/system/kerbup-shop-disk.service").unwrap()).unwrap();
    assert!(service.contains("\nExecStart=/var/lib/kerbup/shop/kerbup --state /var/lib/kerbup await --site shop\n"), "{service}");
    assert!(
        service.contains("WantedBy=multi-user.target") && !service.contains("RequiresMountsFor") && !service.contains("{{"),
        "{service}"
    );
    assert_eq!(with.by_hand().last().unwrap(), "sudo systemctl enable kerbup-shop-disk.service");
    assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::OursAlready);
    Unit.revert(&s, &undo, &cx).await.unwrap();
    assert_eq!(f.list(FOLDER).unwrap(), before);
    // A journal that an older kerbup wrote knows timers alone.
    let old: With = serde_json::from_value(json!({ "name": "a", "service": "b", "timer": "c" })).unwrap();
    assert_eq!((old.files().len(), old.wakes().as_str()), (2, "a.timer"));
}

#[tokio::test]
async fn an_older_text_half_a_pair_and_a_timer_that_is_off_are_seen() {
    let off = Answer { program: "systemctl".into(), args: "is-enabled".into(), code: 1, ..Answer::default() };
    let (cx, s) = (context([vec![off], systemd()].concat(), vec![]), step());
    let f = &*cx.world.files;
    Unit.apply(&s, &cx).await.unwrap();
    assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::Different { diff: vec!["kerbup-shop-guard.timer is switched off".into()] });
    let path = format!("{FOLDER}/kerbup-shop-guard.service");
    f.write(&path, b"# Made by kerbup for the site shop. An older one.\n", 0o644).unwrap();
    assert!(matches!(Unit.check(&s, &cx).await.unwrap(), StepState::Different { diff } if diff == [format!("{path} says something else")]));
    f.remove_file(&path).unwrap();
    assert!(matches!(Unit.check(&s, &cx).await.unwrap(), StepState::Different { .. }));
    Unit.apply(&s, &cx).await.unwrap();
    assert!(matches!(found(f, &path, "shop").unwrap(), Found::Ours(text) if text.contains("ExecStart")));
}

#[tokio::test]
async fn what_kerbup_did_not_make_is_neither_overwritten_nor_removed() {
    let (cx, s) = (context(systemd(), vec![]), step());
    let f = &*cx.world.files;
    let path = format!("{FOLDER}/kerbup-shop-guard.timer");
    for foreign in ["[Timer]\nOnCalendar=daily\n", "# Made by kerbup for the site other. It goes when the site is removed.\n"] {
        f.write(&path, foreign.as_bytes(), 0o644).unwrap();
        for fault in
            [Unit.check(&s, &cx).await.unwrap_err(), Unit.prepare(&s, &cx).await.unwrap_err(), Unit.apply(&s, &cx).await.unwrap_err()]
        {
            assert_eq!(fault.code, "NAME-TAKEN");
        }
        Unit.revert(&s, &json!({}), &cx).await.unwrap();
        assert_eq!(f.read(&path).unwrap(), foreign.as_bytes());
    }
    f.remove_file(&path).unwrap();
    f.link("/dev/null", &path).unwrap();
    assert_eq!(Unit.apply(&s, &cx).await.unwrap_err().code, "NAME-TAKEN");
}

#[tokio::test]
async fn a_refusal_is_told_in_its_own_words_and_still_taken_back() {
    let trouble = Trouble {
        verb: Verb::Process,
        fits: "enable --now".into(),
        says: "Failed to enable unit: Access denied\n".into(),
        times: 1,
        error: Why::Other,
        listens: None,
    };
    let (cx, s) = (context(systemd(), vec![trouble]), step());
    let undo = Unit.prepare(&s, &cx).await.unwrap();
    let fault = Unit.apply(&s, &cx).await.unwrap_err();
    assert_eq!(fault.code, "UNIT-REFUSED");
    assert!(fault.because.join(" ").contains("Access denied"), "{fault:?}");
    Unit.revert(&s, &undo, &cx).await.unwrap();
    assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::Absent);
    // A second try succeeds.
    Unit.apply(&s, &cx).await.unwrap();
}

#[test]
fn a_word_survives_what_systemd_makes_of_it() {
    assert_eq!(word("/var/lib/kerbup"), "/var/lib/kerbup");
    assert_eq!(word("/mnt/my disk/100%/$x\"y"), "\"/mnt/my disk/100%%/$x\\\"y\"");
    assert_eq!(argument("/mnt/$x"), "/mnt/$$x");
    assert_eq!(line("/mnt/100% disk"), "/mnt/100%% disk");
    assert_eq!(cron("shop", "/mnt/100% a", "/k"), r"7 * * * * root /k --state '/mnt/100\% a' guard --site shop");
}
