//! Each part asked on a machine that is told: as it should be, with a wrong password, with another program on its port,
//! stopped, and with a full disk.

mod components;
mod machine;
mod store;

use machine::*;

use super::*;
use crate::model::engine::Publish;
use crate::model::health::{CameraState, Overall};

const KINDS: [&str; 7] = ["http", "tcp", "mongodb", "s3", "amqp", "vault", "agent"];

async fn ask(machine: Machine, kind: &str) -> (ComponentState, Vec<String>) {
    let observed = machine.observed.clone();
    probe(&machine.world(), &subject(kind), &observed).await
}

#[tokio::test]
async fn each_part_is_healthy_when_it_answers_with_our_password() {
    for kind in KINDS {
        let (state, evidence) = ask(Machine::default(), kind).await;
        assert_eq!(state, ComponentState::Healthy, "{kind}: {evidence:?}");
        assert!(!evidence.is_empty());
    }
}

#[tokio::test]
async fn a_wrong_password_on_the_right_port_is_not_healthy() {
    for kind in KINDS.into_iter().filter(|k| !matches!(*k, "http" | "tcp")) {
        let (state, evidence) = ask(Machine { password: "changed", ..Machine::default() }, kind).await;
        assert_eq!((state, evidence[0].as_str()), (ComponentState::Degraded, words::REFUSES), "{kind}");
        assert!(!format!("{evidence:?}").contains("right"));
    }
}

#[tokio::test]
async fn another_program_on_the_port_is_not_healthy() {
    for kind in KINDS.into_iter().filter(|k| *k != "tcp") {
        let (state, evidence) = ask(Machine { speaks: Speaks::AnotherPage, ..Machine::default() }, kind).await;
        let allowed = if kind == "http" { ComponentState::Healthy } else { ComponentState::Degraded };
        assert_eq!(state, allowed, "{kind}: {evidence:?}");
        let (state, _) = ask(Machine { speaks: Speaks::Noise, ..Machine::default() }, kind).await;
        assert_eq!(state, ComponentState::Degraded, "{kind}");
    }
}

#[tokio::test]
async fn a_process_that_does_not_listen_is_down() {
    for kind in KINDS {
        let (state, evidence) = ask(Machine { speaks: Speaks::Nothing, ..Machine::default() }, kind).await;
        assert_eq!((state, evidence[0].as_str()), (ComponentState::Down, words::CLOSED), "{kind}");
    }
}

#[tokio::test]
async fn a_stopped_or_missing_container_is_not_asked() {
    for kind in KINDS {
        let mut machine = Machine::default();
        machine.observed.state = ContainerState::Exited;
        machine.observed.exit_code = Some(143);
        assert_eq!(ask(machine, kind).await.0, ComponentState::Stopped, "{kind}");
        let gone = Machine { absent: true, ..Machine::default() };
        assert_eq!(snapshot(&gone.world(), "s", &[subject(kind)], None, None).await.components[0].state, ComponentState::Absent, "{kind}");
    }
}

#[tokio::test]
async fn a_full_disk_leaves_no_part_healthy() {
    for kind in KINDS {
        for machine in [Machine { free: 1024, ..Machine::default() }, Machine { inodes: Some(0), ..Machine::default() }] {
            let all = snapshot(&machine.world(), "s", &[subject(kind)], Some("/srv"), None).await;
            assert_eq!(
                (all.components[0].state, all.components[0].evidence[0].as_str()),
                (ComponentState::Degraded, words::DISK_FULL),
                "{kind}"
            );
            assert_ne!(all.overall, Overall::Healthy);
        }
    }
}

#[tokio::test]
async fn full_is_a_share_of_a_large_disk_and_an_amount_on_a_small_one() {
    const MB: u64 = 1_000_000;
    for (total, below) in [(1_500 * MB, 209 * MB), (4_000 * MB, 209 * MB), (20_000 * MB, 999 * MB), (1_000_000 * MB, 49_999 * MB)] {
        for (free, state) in [(below, ComponentState::Degraded), (below + 2 * MB, ComponentState::Healthy)] {
            let machine = Machine { free, total: Some(total), ..Machine::default() };
            let all = snapshot(&machine.world(), "s", &[subject("s3")], Some("/srv"), None).await;
            assert_eq!(all.components[0].state, state, "{free} of {total}");
        }
    }
}

#[tokio::test]
async fn recordings_that_are_deleted_before_they_were_saved_are_told_while_some_wait() {
    let lost = "capture.main.CleanupRecordingDirectory(): removed oldest recording as part of cleanup, but it was STILL PENDING UPLOAD";
    let told = async |log: Vec<&'static str>| {
        let machine = Machine { log, saved: vec![(NOW - 20, 1)], ..Machine::default() };
        let mut agent = subject("agent");
        agent.camera = Some(("front".into(), Record::Always));
        agent.agent_folder = Some("/srv/agent".into());
        let camera = snapshot(&machine.world(), "s", &[agent], Some("/srv"), None).await.cameras.remove(0);
        assert_eq!(camera.state, CameraState::Recording, "it goes on");
        camera.evidence.contains(&words::LOST.to_string())
    };
    assert!(told(vec![lost]).await);
    assert!(!told(vec!["opened RTSP stream: x"]).await);
    // Since then one was saved.
    assert!(!told(vec![lost, "UploadKerberosVault: Upload Finished, 204 No Content"]).await);
}

#[tokio::test]
async fn a_part_that_cannot_start_without_its_disk_says_so() {
    let given_up = |unmounted| {
        let mut machine = Machine { unmounted, ..Machine::default() };
        machine.observed.state = ContainerState::Exited;
        machine.observed.exit_code = Some(128);
        machine.observed.error = Some("bind source path does not exist".into());
        machine
    };
    let all = snapshot(&given_up(true).world(), "s", &[subject("s3")], Some("/srv"), None).await;
    let part = &all.components[0];
    assert_eq!((part.state, part.evidence[0].as_str()), (ComponentState::Down, words::disk_awaited("/srv").as_str()));
    assert!(part.evidence[1].contains("bind source path"), "{part:?}");
    assert_eq!(all.disk, None, "the room that is told would be another disk's");
    let all = snapshot(&given_up(false).world(), "s", &[subject("s3")], Some("/srv"), None).await;
    assert!(all.components[0].evidence.len() == 1 && all.disk.is_some());
}

#[tokio::test]
async fn exit_codes_are_told_in_words_and_crash_loops_are_down() {
    for (code, oom, word) in [(132, false, "AVX"), (137, true, "memory"), (139, false, "crashed"), (77, false, "77")] {
        let mut machine = Machine::default();
        machine.observed.state = ContainerState::Restarting;
        machine.observed.restarts = 5;
        machine.observed.exit_code = Some(code);
        machine.observed.oom_killed = oom;
        let (state, evidence) = ask(machine, "mongodb").await;
        assert_eq!(state, ComponentState::Down);
        assert!(evidence[0].contains(word), "{evidence:?}");
    }
    let mut machine = Machine::default();
    machine.observed.state = ContainerState::Restarting;
    machine.observed.restarts = 1;
    machine.observed.exit_code = Some(1);
    assert_eq!(ask(machine, "vault").await.0, ComponentState::Starting, "a Vault that waits for its database ends once or twice");
}

#[tokio::test]
async fn what_does_not_answer_is_starting_only_within_its_time_and_not_in_a_loop() {
    let young = |restarts: u64| {
        let mut machine = Machine { speaks: Speaks::Nothing, ..Machine::default() };
        machine.observed.started_at = Some(NOW - 20);
        machine.observed.restarts = restarts;
        machine
    };
    assert_eq!(ask(young(0), "mongodb").await.0, ComponentState::Starting);
    assert_eq!(ask(young(4), "mongodb").await.0, ComponentState::Down);
    let old = Machine { speaks: Speaks::Nothing, ..Machine::default() };
    assert_eq!(ask(old, "mongodb").await.0, ComponentState::Down);
}

#[tokio::test]
async fn a_part_without_an_address_or_a_way_to_it_is_unknown_never_healthy() {
    let mut machine = Machine::default();
    machine.observed.addresses.clear();
    assert_eq!(ask(machine, "mongodb").await.0, ComponentState::Unknown);
    let no_way = || Machine { speaks: Speaks::NoWay, ..Machine::default() };
    assert_eq!(ask(no_way(), "s3").await.0, ComponentState::Unknown);
    let mut published = no_way();
    published.observed.publish = vec![Publish { address: "0.0.0.0".into(), host: 9000, container: 80 }];
    assert_eq!(ask(published, "s3").await.0, ComponentState::Healthy, "what is published is asked on this machine");
}

#[tokio::test]
async fn a_vault_without_settings_waits_to_be_set_up_and_an_unknown_api_is_told() {
    let vault = |vault| ask(Machine { vault, ..Machine::default() }, "vault");
    assert_eq!(
        vault(Vault::Empty).await,
        (ComponentState::NotConfigured, vec![words::NOT_SET_UP.into(), words::status("/api/health", 200)])
    );
    let (state, evidence) = vault(Vault::OtherRoutes).await;
    assert!(state == ComponentState::Healthy && evidence.iter().any(|e| e == words::NO_SETTINGS), "{evidence:?}");
    assert_eq!(
        vault(Vault::NoLogin).await,
        (ComponentState::Healthy, vec![words::NO_LOGIN_ROUTE.into(), words::status("/api/health", 200)])
    );
}

#[tokio::test]
async fn a_video_store_that_cannot_write_is_degraded_and_a_missing_bucket_is_not() {
    assert_eq!(ask(Machine { store: Store::NoQuorum, ..Machine::default() }, "s3").await.1[0], words::S3_CANNOT_WRITE);
    assert_eq!(
        ask(Machine { store: Store::NoBucket, ..Machine::default() }, "s3").await,
        (ComponentState::Healthy, vec![words::S3_NO_BUCKET.into()])
    );
    assert_eq!(ask(Machine { store: Store::Skewed, ..Machine::default() }, "s3").await.1, [words::S3_CLOCK]);
}

async fn camera(machine: Machine, record: Record) -> (CameraState, CameraHealth) {
    let mut agent = subject("agent");
    agent.camera = Some(("front".into(), record));
    agent.agent_folder = Some("/srv/agent".into());
    let all = snapshot(&machine.world(), "s", &[agent], Some("/srv"), Some(30)).await;
    let camera = all.cameras.into_iter().next().unwrap();
    (camera.state, camera)
}

#[tokio::test]
async fn a_camera_records_watches_or_tells_why_not() {
    let fresh = || Machine { saved: vec![(NOW - 130, 3_000_000), (NOW - 70, 3_000_000), (NOW - 10, 1_000_000)], ..Machine::default() };
    let (state, seen) = camera(fresh(), Record::Always).await;
    assert_eq!(state, CameraState::Recording);
    assert_eq!((seen.recordings, seen.waiting, seen.last_saved_seconds), (Some(3), Some(2), Some(10.0)));
    // 6 MB in the 120 s from the first to the last beginning.
    assert_eq!(seen.bytes_per_day, Some(6_000_000.0 / 120.0 * 86_400.0));
    assert_eq!(camera(fresh(), Record::Motion).await.0, CameraState::Recording);

    let old = || Machine { saved: vec![(NOW - 7200, 3_000_000)], ..Machine::default() };
    assert_eq!(camera(old(), Record::Motion).await.0, CameraState::Watching);
    let (state, seen) = camera(old(), Record::Always).await;
    assert_eq!((state, seen.evidence), (CameraState::NoPicture, vec![words::not_saved(7200.0)]));

    let off = |log: &[&'static str]| Machine { online: false, log: log.to_vec(), ..Machine::default() };
    let refused = "RunAgent(): error connecting to RTSP stream: bad status code: 401 (Unauthorized)";
    assert_eq!(camera(off(&[refused]), Record::Always).await.0, CameraState::WrongLogin);
    assert_eq!(camera(off(&[]), Record::Always).await.0, CameraState::NoPicture);
    let mut starting = off(&[]);
    starting.observed.started_at = Some(NOW - 30);
    assert_eq!(camera(starting, Record::Always).await.0, CameraState::Starting);
    let mut late = off(&[]);
    late.observed.started_at = Some(NOW - 50);
    assert_eq!(camera(late, Record::Always).await.0, CameraState::NoPicture);

    let mut stopped = Machine::default();
    stopped.observed.state = ContainerState::Exited;
    stopped.observed.exit_code = Some(0);
    assert_eq!(camera(stopped, Record::Always).await.0, CameraState::Stopped);
    assert_eq!(camera(Machine { speaks: Speaks::NoWay, ..Machine::default() }, Record::Always).await.0, CameraState::Unknown);
}

#[tokio::test]
async fn the_snapshot_sums_up_with_recorders_last_and_days_from_what_was_measured() {
    let machine = Machine { saved: vec![(NOW - 110, 1_000_000), (NOW - 10, 1)], free: 86_400_000_000, ..Machine::default() };
    let mut agent = subject("agent");
    agent.camera = Some(("front".into(), Record::Always));
    agent.agent_folder = Some("/srv/agent".into());
    let all = snapshot(&machine.world(), "shop", &[agent, subject("mongodb")], Some("/srv"), Some(30)).await;
    assert_eq!((all.schema, all.site.as_str(), all.overall), (1, "shop", Overall::Healthy));
    assert_eq!(all.components.iter().map(|c| c.kind.as_str()).collect::<Vec<_>>(), ["mongodb", "agent"]);
    assert_eq!((all.components[0].memory, all.components[0].cpu, all.components[0].up_seconds), (Some(310), Some(0.5), Some(5000.0)));
    let disk = all.disk.unwrap();
    // 1 MB in 100 s is 864 MB a day. Of the disk, twice as large as what is free, 15 % are never used.
    assert_eq!((disk.keeps_days, disk.fits_days), (Some(30), Some(70)));
}

async fn stored(recordings: Vec<(i64, u64)>, free: u64) -> (Option<f64>, Option<u32>) {
    let machine = Machine { stored: recordings, free, ..Machine::default() };
    let mut agent = subject("agent");
    agent.camera = Some(("front".into(), Record::Motion));
    agent.agent_folder = Some("/srv/agent".into());
    let all = snapshot(&machine.world(), "shop", &[agent, subject("s3")], Some("/srv"), Some(30)).await;
    (all.cameras[0].bytes_per_day.map(f64::round), all.disk.unwrap().fits_days)
}

#[tokio::test]
async fn the_store_tells_how_much_a_day_brings_and_how_far_back_it_goes() {
    let day = 86_400;
    // 20 days and some ago there was one; in the last day two of 500 MB.
    let kept = vec![(NOW - 20 * day - 5, 7), (NOW - 7200, 500_000_000), (NOW - 3600, 500_000_000)];
    assert_eq!(stored(kept, 10_000_000_000).await, (Some(1e9), Some(27)));
    // Only since 1000 s: the rate is that of this time.
    let young = vec![(NOW - 1000, 1_000_000), (NOW - 500, 1_000_000)];
    let per_day = 1_000_000.0 / 1000.0 * 86_400.0 * 2.0;
    assert_eq!(stored(young, 17_280_000_000).await, (Some(per_day), Some(70)));
    // More than a page: up to its last key.
    let many = (0..400).map(|i| (NOW - 40_000 + i * 100, 1_000_000)).collect();
    assert_eq!(stored(many, 1_000_000_000).await.0, Some(864_000_000.0));
    assert_eq!(stored(vec![], 1_000_000_000).await, (None, None));
}

#[tokio::test]
async fn a_login_that_served_is_used_again_and_a_changed_password_is_noticed() {
    let (subject, observed) = (subject("agent"), Machine::default().observed);
    let world = Machine::default().world();
    assert_eq!(probe(&world, &subject, &observed).await.0, ComponentState::Healthy);
    let kept = subject.login.token(world.clock.ticks());
    assert_eq!(kept.as_deref(), Some("t0ken-right"));
    assert_eq!(probe(&world, &subject, &observed).await.0, ComponentState::Healthy);
    // The same port, where the old token is good for nothing any more.
    let changed = Machine { password: "changed", ..Machine::default() }.world();
    let (state, evidence) = probe(&changed, &subject, &observed).await;
    assert_eq!((state, evidence[0].as_str()), (ComponentState::Degraded, words::REFUSES));
    assert_eq!(subject.login.token(changed.clock.ticks()), None);
}

#[tokio::test]
async fn a_recorder_is_asked_to_record_with_its_login_and_says_why_not() {
    let asked = async |machine: Machine, kind: &str| {
        let observed = machine.observed.clone();
        record(&machine.world(), &subject(kind), &observed).await
    };
    assert_eq!(asked(Machine::default(), "agent").await, Ok(()));
    let busy = Machine { online: false, ..Machine::default() };
    assert_eq!(asked(busy, "agent").await, Err(words::status("/api/camera/record", 503)));
    assert_eq!(asked(Machine { password: "other", ..Machine::default() }, "agent").await, Err(words::REFUSES.into()));
    assert_eq!(asked(Machine { speaks: Speaks::Nothing, ..Machine::default() }, "agent").await, Err(words::CLOSED.into()));
    assert!(asked(Machine::default(), "s3").await.is_err(), "only recorders record");
}
