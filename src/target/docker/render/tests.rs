//! Components become containers: addresses, secrets and services that a camera or a person brings.

use super::*;

#[test]
fn a_name_that_only_this_machine_finds_goes_into_the_recorders_hosts() {
    let camera = Camera {
        name: "door".into(),
        url: "rtsp://Cam-Door.local:554/s".into(),
        sub_url: Some("rtsp://cam-door.local/sub".into()),
        user: None,
        record: Record::Always,
    };
    let plain = Camera { name: "yard".into(), url: "rtsp://192.0.2.9/s".into(), sub_url: None, ..camera.clone() };
    let answers = Answers { cameras: vec![camera, plain], ..Answers::default() };
    let recipes = crate::recipe::load::embedded().unwrap();
    let mut survey = Survey::default();
    let host = HostReport::default();
    let hosts = |survey: &Survey| {
        let i = Inputs { host: &host, survey, answers: &answers, recipes: &recipes, state: "", agent_megabytes: BTreeMap::new() };
        let all = workloads(&i).unwrap();
        let of = |name: &str| all.iter().find(|w| w.name == name).unwrap().spec.extra_hosts.clone();
        (of("agent-door"), of("agent-yard"))
    };
    assert_eq!(hosts(&survey), (vec![], vec![]), "an address that nobody found is not made up");
    survey.hosts.insert("cam-door.local".into(), "192.0.2.7".into());
    assert_eq!(hosts(&survey), (vec!["cam-door.local:192.0.2.7".to_string()], vec![]));
}

#[test]
fn a_second_stream_is_given_to_its_own_recorder_as_a_secret() {
    let camera = |name: &str, url: &str, sub: Option<&str>| Camera {
        name: name.into(),
        url: url.into(),
        sub_url: sub.map(Into::into),
        user: None,
        record: Record::Motion,
    };
    let cameras = vec![
        camera("door", "rtsp://192.0.2.9/s", Some("rtsp://192.0.2.9/small")),
        camera("yard", "rtsp://192.0.2.8/s", None),
        camera("here", "rtsp://192.0.2.7/s", Some("rtsp://localhost:8554/small")),
    ];
    let answers = Answers { cameras, ..Answers::default() };
    let recipes = crate::recipe::load::embedded().unwrap();
    let (survey, host) = (Survey::default(), HostReport::default());
    let all = workloads(&Inputs {
        host: &host,
        survey: &survey,
        answers: &answers,
        recipes: &recipes,
        state: "",
        agent_megabytes: BTreeMap::new(),
    })
    .unwrap();
    let of = |name: &str| all.iter().find(|w| w.name == name).unwrap();
    let given = |name: &str| of(name).spec.env.get("AGENT_CAPTURE_IPCAMERA_SUB_RTSP").cloned();
    assert_eq!(given("agent-door"), Some(Text::secret("camera.door.sub_url")));
    assert_eq!(given("agent-yard"), None, "what another camera has is not asked of this one");
    assert!(of("agent-door").secrets.iter().any(|s| s.name == "camera.door.sub_url" && s.make == crate::model::recipe::Make::Given));
    // A second stream on this very machine goes the way of a first one.
    assert_eq!(given("agent-here"), Some(Text::secret("camera.here.inside-sub_url")));
    assert_eq!(of("agent-here").spec.extra_hosts, ["host.docker.internal:host-gateway"]);
    assert_eq!(of("agent-here").spec.env["AGENT_CAPTURE_IPCAMERA_RTSP"], Text::secret("camera.here.url"));
}

#[test]
fn a_database_of_somebody_elses_is_found_by_what_was_given_and_by_nothing_else() {
    let uri = |answers: &Answers| {
        let recipes = crate::recipe::load::embedded().unwrap();
        let (survey, host) = (Survey::default(), HostReport::default());
        let i = Inputs { host: &host, survey: &survey, answers, recipes: &recipes, state: "", agent_megabytes: BTreeMap::new() };
        let all = workloads(&i).unwrap();
        let vault = all.iter().find(|w| w.name == "vault").unwrap().clone();
        (all.iter().any(|w| w.name == "mongodb"), vault.spec.env["MONGODB_URI"].clone(), vault)
    };
    let (here, bundled, _) = uri(&Answers::default());
    assert!(here && bundled.secrets().any(|s| s == "mongodb.password"), "{bundled:?}");
    let elsewhere = Answers { database: Service::External { settings: BTreeMap::new() }, ..Answers::default() };
    let (here, given, vault) = uri(&elsewhere);
    assert!(!here && !vault.needs.contains(&"mongodb".to_string()));
    assert_eq!(given, Text::secret("database.uri"));
    assert!(vault.secrets.iter().any(|s| s.name == "database.uri" && s.make == crate::model::recipe::Make::Given));
}
