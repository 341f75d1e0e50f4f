//! From answers to steps: what must be there, in which order, and why.

use std::collections::BTreeMap;

use super::engine::engine;
use super::sizing::sizing;
use super::{beside, figures, trust};
use crate::model::answers::{Answers, Camera, Service, Shape};
use crate::model::engine::{NetworkSpec, RegistryLogin};
use crate::model::fault::{Fault, Whose};
use crate::model::host::HostReport;
use crate::model::plan::{HERE, Plan, Preview, Risk, Step};
use crate::model::recipe::ComponentShape;
use crate::model::survey::Survey;
use crate::model::text::Text;
use crate::recipe::Recipes;
use crate::step::{self, Inputs, Workload, bucket, by_hand, container, image, storage};

/// All that a plan is made from.
pub struct Wish<'a> {
    /// The machine.
    pub host: &'a HostReport,
    /// What was learnt after the answers.
    pub survey: &'a Survey,
    /// The answers.
    pub answers: &'a Answers,
    /// The recipes.
    pub recipes: &'a Recipes,
    /// State folder of the site.
    pub state: &'a str,
    /// Where the program's copy is linked.
    pub link: &'a str,
}

pub(super) fn one<T: serde::Serialize>(kind: &str, id: String, with: &T) -> Result<Step, Fault> {
    Ok(Step {
        id,
        kind: kind.into(),
        with: step::details(with)?,
        title: String::new(),
        why: String::new(),
        after: vec![],
        risk: Risk::None,
        budget: 60,
        preview: Preview::default(),
    })
}

/// Builds the plan for Docker.
pub fn plan(wish: &Wish) -> Result<Plan, Fault> {
    let (a, survey) = (wish.answers, wish.survey);
    let sizes = sizing(a, survey);
    let inputs = Inputs {
        host: wish.host,
        survey,
        answers: a,
        recipes: wish.recipes,
        state: wish.state,
        agent_megabytes: sizes.agent_megabytes.clone(),
    };
    let workloads = step::workloads(&inputs)?;
    let mut steps = vec![];
    let mut notes = vec![];

    let engine = engine(wish)?;
    let after_engine: Vec<String> = engine.iter().map(|s| s.id.clone()).collect();
    steps.extend(engine);
    let told = trust::own_registry(wish, &after_engine)?;
    let before_asked: Vec<String> = after_engine.iter().cloned().chain(told.iter().map(|s| s.id.clone())).collect();
    steps.extend(told);
    steps.push(folder(wish)?);
    // Nothing is asked of the engine while it reads its settings again: some service managers start it anew for that.
    steps.push(network(wish, &before_asked)?);
    steps.extend(images(wish, &workloads, &before_asked)?);
    for w in &workloads {
        if let Some(because) = &w.image_because {
            notes.push(format!("{}: {} is used, because {because}.", w.title, w.spec.image.rsplit('/').next().unwrap_or_default()));
        }
        let shape = wish.recipes.component(&w.kind).map_or(ComponentShape::Stateless, |c| c.shape);
        steps.push(part(wish, w, shape)?);
        for p in &w.provision {
            if p.step == "bucket" {
                steps.push(rule(
                    w,
                    p.with.get("bucket").map_or("recordings", String::as_str),
                    p.with.get("region").map_or("us-east-1", String::as_str),
                    (sizes.keeps_days, sizes.fits_days.map_or(sizes.keeps_days, |_| a.retention_days)),
                )?);
            }
        }
    }
    steps.push(beside::copy(wish, &steps)?);
    let systemd = wish.host.service_manager.get().is_some_and(|m| m.as_deref() == Some("systemctl"));
    if systemd {
        steps.push(beside::awaiting(wish)?);
    }
    if let Some(kept) = steps.iter().find(|s| s.kind == "bucket").map(|s| s.id.clone()) {
        if systemd {
            steps.push(beside::timer(wish, kept)?);
        } else {
            notes.push(beside::by_cron(wish));
        }
    }
    if let Some(why) = &survey.own.missed {
        notes.push(format!("How much the recordings take that are there already is not known: {why}. {} days are kept.", sizes.keeps_days));
    }
    if let (Some(fits), true) = (sizes.fits_days, sizes.fits_days.is_some_and(|f| f < a.retention_days)) {
        notes.push(format!("{} days do not fit on this disk at the measured rates: it keeps {}.", a.retention_days, in_days(fits.max(1))));
    }
    if let (Service::External { settings }, Shape::Full) = (&a.object_storage, a.shape) {
        let at = |key: &str| settings.get(key).map_or("", String::as_str);
        notes.push(format!(
            "Your own video store at {}: kerbup asks nothing of it and sets no rule there. Let its bucket {} delete what is older than \
             {}, or it fills up.",
            at("endpoint"),
            at("bucket"),
            in_days(a.retention_days)
        ));
    }
    let mut plan = Plan { site: a.site.clone(), target: "docker".into(), renderer: step::RENDERER, steps, notes, line: None };
    figures::reckon(&mut plan, wish);
    Ok(plan)
}

fn folder(wish: &Wish) -> Result<Step, Fault> {
    let path = wish.answers.path.trim_end_matches('/').to_string();
    let mut s = one("storage", "storage".into(), &storage::With { path: path.clone() })?;
    s.title = format!("Prepare the folder {path}");
    s.why = "Recordings, and what makes them usable again, lie here.".into();
    s.preview = Preview {
        place: HERE.into(),
        by_hand: vec![format!("sudo mkdir -p {path}/.kerbup")],
        undo: "Recordings stay unless you ask for them to go.".into(),
        ..Preview::default()
    };
    Ok(s)
}

fn network(wish: &Wish, after: &[String]) -> Result<Step, Fault> {
    let a = wish.answers;
    let mut used: Vec<String> = wish.survey.subnets.clone();
    used.extend(wish.host.network.routes.get().into_iter().flatten().map(|r| r.to.clone()));
    let mut addresses: Vec<std::net::IpAddr> = wish.host.network.dns.get().cloned().unwrap_or_default();
    addresses.extend(
        a.cameras.iter().flat_map(Camera::addresses).filter_map(|c| url::Url::parse(c).ok()?.host_str()?.parse::<std::net::IpAddr>().ok()),
    );
    let others = wish.survey.subnets.iter().map(String::as_str);
    let subnet = match (&a.subnet, &wish.survey.own_subnet) {
        (Some(s), _) => match step::network::taken(s, others) {
            Some(fault) => return Err(fault),
            None => Some(s.clone()),
        },
        (None, Some(stands)) => Some(stands.clone()),
        (None, None) => Some(step::subnet::free(&used, &addresses).ok_or_else(|| {
            Fault::new(Whose::Machine, "NO-FREE-SUBNET", "No free range of addresses was found for the parts.")
                .cure("Name one that your network does not use: network.subnet in the site file.")
        })?),
    };
    let labels = BTreeMap::from([("io.kerbup.site".to_string(), a.site.clone())]);
    let spec = NetworkSpec { name: a.site.clone(), subnet, labels };
    let mut s = one("network", "network".into(), &spec)?;
    s.title = format!("Make the network {}", a.site);
    s.why = "The parts talk to each other on a network of their own. Its addresses are used by nothing else here.".into();
    s.after = after.to_vec();
    let subnet = spec.subnet.as_deref().unwrap_or_default();
    let mut by_hand = vec![format!("docker network create --subnet {subnet} --label io.kerbup.site={} {}", a.site, a.site)];
    if let Some(old) = wish.survey.own_subnet.as_deref().filter(|old| *old != subnet) {
        s.title = format!("Make the network {} anew, with {subnet}", a.site);
        s.why = format!("Its addresses are {old} now. All parts are stopped and made anew on it; what they recorded stays.");
        s.risk = Risk::Restart;
        // Each part is given its time to stop.
        s.budget = 600;
        by_hand.insert(0, format!("docker rm -f $(docker ps -aq --filter label=io.kerbup.site={})", a.site));
        by_hand.insert(1, format!("docker network rm {}", a.site));
    }
    s.preview = Preview { place: "Docker".into(), by_hand, undo: "Removes the network.".into(), ..Preview::default() };
    Ok(s)
}

fn images(wish: &Wish, workloads: &[Workload], after: &[String]) -> Result<Vec<Step>, Fault> {
    let mut seen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for w in workloads {
        seen.entry(&w.spec.image).or_default().push(&w.title);
    }
    let images = &wish.answers.images;
    let login = images.user.as_ref().zip(images.registry.as_ref()).map(|(user, server)| RegistryLogin {
        server: server.clone(),
        user: user.clone(),
        password: Text::secret("images.password"),
    });
    let mut steps = vec![];
    // In the order of the parts, so that the database comes first.
    for w in workloads {
        let Some(titles) = seen.remove(w.spec.image.as_str()) else { continue };
        let mut s = one("image", format!("image:{}", w.spec.image), &image::With { image: w.spec.image.clone(), login: login.clone() })?;
        s.title = format!("Fetch {} {}", w.product, w.spec.image.rsplit_once(':').map_or("", |(_, t)| t));
        s.why = match (&w.image_because, titles.first()) {
            (Some(because), _) => format!("This version, because {because}."),
            (None, Some(title)) => format!("The program of the {}: it {}.", title.to_lowercase(), w.does),
            _ => String::new(),
        };
        s.after = after.to_vec();
        s.budget = 3600;
        let known = wish.survey.images.get(&w.spec.image);
        s.preview = Preview {
            place: "download".into(),
            by_hand: vec![format!("docker pull {}", w.spec.image)],
            undo: "Removes the image, if it was not here before.".into(),
            download_bytes: known.and_then(|i| if i.present.is_some() { Some(0) } else { i.download.get().copied() }),
            disk_bytes: known.and_then(|i| figures::on_disk(wish, i)),
            seconds: None,
            fetches: true,
        };
        steps.push(s);
    }
    Ok(steps)
}

fn part(wish: &Wish, w: &Workload, shape: ComponentShape) -> Result<Step, Fault> {
    let with = container::With {
        workload: w.clone(),
        shape,
        wait: w.camera.is_none(),
        storage: wish.answers.path.trim_end_matches('/').into(),
        subnet: wish.answers.subnet.clone(),
    };
    let mut s = one("container", format!("container:{}", w.name), &with)?;
    s.title = match &w.camera {
        Some(camera) => format!("Start the recorder of {camera}"),
        None => format!("Start: {}", w.title.to_lowercase()),
    };
    s.why = format!("{} {}.", w.product, w.does);
    s.after = vec!["storage".into(), "network".into(), format!("image:{}", w.spec.image)];
    s.after.extend(w.needs.iter().map(|n| format!("container:{n}")));
    s.risk = Risk::Restart;
    s.budget = w.health.within + 60;
    let mut hand: Vec<String> = w.folders.iter().map(|f| format!("sudo mkdir -p {}", f.path)).collect();
    hand.push(by_hand::run(&w.spec));
    s.preview =
        Preview { place: "Docker".into(), by_hand: hand, undo: "Stops and removes it; its data stays.".into(), ..Preview::default() };
    Ok(s)
}

fn in_days(days: u32) -> String {
    if days == 1 { "1 day".into() } else { format!("{days} days") }
}

fn rule(w: &Workload, name: &str, region: &str, (days, wanted): (u32, u32)) -> Result<Step, Fault> {
    let with = bucket::With {
        container: w.spec.name.clone(),
        network: w.spec.network.clone(),
        port: w.health.port,
        bucket: name.into(),
        region: region.into(),
        user: w.health.user.clone().unwrap_or_default(),
        password: w.health.password.clone().unwrap_or_default(),
        days,
    };
    let mut s = one("bucket", format!("bucket:{name}"), &with)?;
    s.title = format!("Keep recordings {}", in_days(days));
    let why = "The video store deletes what is older by itself, so that the disk does not fill up.";
    let fewer = format!("You asked for {}, and no more than {} fit on this disk. {why}", in_days(wanted), in_days(days));
    s.why = if days < wanted { fewer } else { why.into() };
    s.after = vec![format!("container:{}", w.name)];
    s.preview = Preview {
        place: "video store".into(),
        by_hand: vec![format!("mc mb --ignore-existing store/{name}"), format!("mc ilm rule add --expire-days {days} store/{name}")],
        undo: "Goes with the video store's folder.".into(),
        ..Preview::default()
    };
    Ok(s)
}
