//! Another site beside one that stands: nothing of the first is the second's.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Drive;
use super::proof::Wait;
use crate::flow::Effect;
use crate::model::answers::Answers;
use crate::model::event::Event;
use crate::model::fact::Fact;
use crate::model::journal::Ending;
use crate::model::plan::Plan;
use crate::recipe::load;
use crate::world::fake::{Described, Pace, named, paced};

async fn next(events: &mut UnboundedReceiver<Event>, is: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = events.recv().await.unwrap();
        if is(&event) {
            return event;
        }
    }
}

#[tokio::test]
async fn another_site_has_its_own_name_folder_ports_and_secrets() {
    let mut machine = Described { trouble: vec![], ..named("lxc").unwrap() };
    machine.host.listeners = Fact::known(vec![], "nothing listens");
    let world = paced(machine, Pace::Speed(300.0)).0;
    let (sender, mut events) = unbounded_channel();
    let drive = Drive::new(world, load::embedded().unwrap(), "/var/lib/kerbup".into(), sender);
    let first = Answers::default();
    let install = async |answers: &Answers| {
        drive.look(answers).await;
        let plan: Plan = drive.plan(answers).await.unwrap().0;
        drive.install(answers, &plan, Wait::No).await.unwrap().ending
    };
    assert_eq!(install(&first).await, Ending::Done);
    let password = drive.secrets.get("vault.password").unwrap();

    drive.perform(Effect::Another);
    let Event::Loaded { answers: second } = next(&mut events, |e| matches!(e, Event::Loaded { .. })).await else { panic!() };
    assert_eq!(second.site, format!("{}-2", first.site));
    assert_eq!(second.path, format!("{}-{}", first.path, second.site));
    let ports = [first.vault_port, first.storage_port];
    assert!(!ports.contains(&second.vault_port) && !ports.contains(&second.storage_port) && second.vault_port != second.storage_port);
    assert!(drive.secrets.names().is_empty());
    assert_eq!(install(&second).await, Ending::Done);
    use secrecy::ExposeSecret as _;
    assert_ne!(drive.secrets.get("vault.password").unwrap().expose_secret(), password.expose_secret());

    // Whoever takes up the first again has its secrets, and not those of the second.
    drive.perform(Effect::Load(first.site.clone()));
    next(&mut events, |e| matches!(e, Event::Loaded { answers } if answers.site == first.site)).await;
    assert_eq!(drive.secrets.get("vault.password").unwrap().expose_secret(), password.expose_secret());
    assert_eq!(drive.sites().unwrap().len(), 2);

    // Two words in one breath, as the full screen says them: the site that was in hand before is not the one that goes.
    drive.perform(Effect::Load(second.site.clone()));
    drive.perform(Effect::Uninstall);
    next(&mut events, |e| matches!(e, Event::Done { ok: true, .. })).await;
    assert_eq!(drive.sites().unwrap().iter().map(|s| s.name.clone()).collect::<Vec<_>>(), std::slice::from_ref(&first.site));
    // One that is not there takes no other with it.
    drive.perform(Effect::Load(first.site.clone()));
    drive.perform(Effect::Load(second.site.clone()));
    drive.perform(Effect::Uninstall);
    next(&mut events, |e| matches!(e, Event::Done { ok: false, .. })).await;
    assert_eq!(drive.sites().unwrap().len(), 1);
}
