//! What every engine must do alike, and the fake doors held to it.

use std::sync::Mutex;

use crate::model::engine::{ContainerSpec, ContainerState, NetworkSpec, Publish};
use crate::world::engine::{Engine, EngineError};

/// Held against the fake engine always and against a real one where there is one. `image` is on the engine; `fetch` is one
/// that can be fetched, if any.
pub(crate) async fn semantics(engine: &dyn Engine, prefix: &str, image: &str, fetch: Option<&str>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let args = Some(vec!["server".to_owned(), "/data".to_owned()]);
    let spec = |name: &str| ContainerSpec {
        name: format!("{prefix}-{name}"),
        image: image.to_owned(),
        args: args.clone(),
        publish: vec![Publish { address: "127.0.0.1".into(), host: port, container: 9000 }],
        stop_seconds: Some(2),
        labels: [("io.kerbup.site".to_owned(), prefix.to_owned())].into(),
        ..ContainerSpec::default()
    };
    let (one, two) = (spec("one"), spec("two"));

    // Names.
    assert!(matches!(engine.start(&one.name).await, Err(EngineError::NotFound(_))));
    assert!(matches!(engine.stop(&one.name).await, Err(EngineError::NotFound(_))));
    assert!(matches!(engine.restart(&one.name).await, Err(EngineError::NotFound(_))));
    assert!(matches!(engine.usage(&one.name).await, Err(EngineError::NotFound(_))));
    assert!(matches!(engine.logs(&one.name, 1, false).await.map(|_| ()), Err(EngineError::NotFound(_))));
    assert_eq!(engine.container(&one.name).await.unwrap(), None);
    engine.remove(&one.name).await.unwrap();
    engine.remove_network(&format!("{prefix}-net")).await.unwrap();
    engine.remove_image(&format!("{prefix}/nothing:1")).await.unwrap();
    assert_eq!(engine.image(&format!("{prefix}/nothing:1")).await.unwrap(), None);
    let missing = ContainerSpec { image: format!("{prefix}/nothing:1"), ..one.clone() };
    assert!(matches!(engine.create(&missing, &[]).await, Err(EngineError::NotFound(_))));

    // Making.
    let id = engine.create(&one, &[]).await.unwrap();
    assert!(matches!(engine.create(&one, &[]).await, Err(EngineError::Conflict(_))));
    engine.create(&two, &[]).await.unwrap();
    let made = engine.container(&one.name).await.unwrap().unwrap();
    assert_eq!((made.id, made.state, made.exit_code), (id, ContainerState::Created, None));
    assert_eq!(made.publish, one.publish);

    // Starting; the second wants the port of the first.
    engine.start(&one.name).await.unwrap();
    engine.start(&one.name).await.unwrap();
    let taken = engine.start(&two.name).await;
    assert!(matches!(taken, Err(EngineError::PortTaken(_))), "{taken:?}");
    let running = engine.container(&one.name).await.unwrap().unwrap();
    assert_eq!((running.state, running.publish), (ContainerState::Running, one.publish.clone()));
    assert!(running.started_at.is_some() && running.addresses.len() == 1, "{:?}", running.addresses);

    // Listing.
    let names = |all: Vec<crate::model::engine::Observed>| all.into_iter().map(|c| c.name).collect::<Vec<_>>();
    assert_eq!(names(engine.containers(Some(("io.kerbup.site", prefix))).await.unwrap()), [one.name.clone(), two.name.clone()]);
    assert!(names(engine.containers(None).await.unwrap()).contains(&one.name));
    assert_eq!(names(engine.containers(Some(("io.kerbup.site", "nobody"))).await.unwrap()), Vec::<String>::new());

    // Stopping lets go of the port.
    engine.stop(&one.name).await.unwrap();
    engine.stop(&one.name).await.unwrap();
    let stopped = engine.container(&one.name).await.unwrap().unwrap();
    assert_eq!((stopped.state, stopped.started_at), (ContainerState::Exited, None));
    engine.start(&two.name).await.unwrap();
    engine.restart(&two.name).await.unwrap();
    engine.remove(&two.name).await.unwrap();
    engine.remove(&one.name).await.unwrap();
    assert_eq!(engine.container(&two.name).await.unwrap(), None);

    // Networks.
    let net = |name: &str, subnet: &str| NetworkSpec {
        name: format!("{prefix}-{name}"),
        subnet: Some(subnet.into()),
        labels: [("io.kerbup.site".to_owned(), prefix.to_owned())].into(),
    };
    let first = net("net", "172.29.78.0/24");
    engine.create_network(&first).await.unwrap();
    assert!(matches!(engine.create_network(&net("net", "172.29.79.0/24")).await, Err(EngineError::Conflict(_))));
    let overlap = engine.create_network(&net("other", "172.29.78.0/25")).await;
    assert!(matches!(overlap, Err(EngineError::Conflict(_))), "{overlap:?}");
    assert!(engine.networks().await.unwrap().contains(&first));
    engine.remove_network(&first.name).await.unwrap();
    assert!(!engine.networks().await.unwrap().contains(&first));

    if let Some(fetch) = fetch {
        let seen = Mutex::new(vec![]);
        let got = engine.pull(fetch, None, &|p| seen.lock().unwrap().push(p)).await.unwrap();
        let seen = seen.into_inner().unwrap();
        let last = seen.last().unwrap();
        assert!(last.total > 0 && last.done == last.total && last.layers_done == last.layers, "{last:?}");
        assert!(seen.windows(2).all(|w| w[0].done <= w[1].done));
        assert_eq!(engine.image(fetch).await.unwrap(), Some(got));
    }
}
