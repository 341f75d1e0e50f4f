//! Commands over a site that stands: status, logs, passwords, start and stop, sites, uninstall.

use std::io::Write as _;

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::finish;
use super::setup::Setup;
use crate::cli::{Exit, Globals};
use crate::drive::standing::plan_of;
use crate::flow::Stage;
use crate::flow::state::Purpose;
use crate::front::{json, line};
use crate::model::event::{CameraCount, Event};
use crate::model::fault::{Fault, Whose};
use crate::model::health::Overall;
use crate::words::{plain, undo, welcome};

fn one(fault: Fault) -> Vec<Fault> {
    vec![fault]
}

/// How the site is: the dashboard on a terminal, else one reading or, with `watch`, one a line.
pub async fn status(setup: Setup, globals: &Globals, watch: bool) -> Result<i32, Vec<Fault>> {
    let sites = setup.drive.sites().map_err(one)?;
    let site = setup.drive.meant(&sites, globals.site.as_deref()).map_err(one)?.clone();
    if setup.full {
        return super::wizard::from(setup, globals, Stage::Dashboard, sites).await;
    }
    let mut signal = std::pin::pin!(finish::ended_by_signal());
    loop {
        let snapshot = tokio::select! {
            snapshot = setup.drive.snapshot(&site) => snapshot.map_err(one)?,
            by = &mut signal => return Ok(watched(&setup, by)),
        };
        if !setup.json {
            setup.lines(&line::show::status(&snapshot));
            if !watch {
                setup.lines(&line::show::to_enter(&snapshot));
            }
            if let Some(left) = setup.drive.standing(std::slice::from_ref(&site)).first().filter(|s| s.unfinished && !s.running) {
                setup.lines(&[welcome::left_half_done(left.purpose == Purpose::Uninstall, &left.site, left.done, left.of)]);
            }
        } else if watch {
            setup.event(&Event::Health { snapshot: Box::new(snapshot.clone()) });
        } else {
            setup.document(&json::status(&snapshot));
        }
        // Nobody reads any more: nothing is asked for nobody.
        if !watch || setup.printed.over() {
            return Ok(if matches!(snapshot.overall, Overall::Down | Overall::Unknown | Overall::Absent) {
                Exit::Failed
            } else {
                Exit::Done
            }
            .code());
        }
        tokio::select! {
            () = setup.drive.world.clock.sleep(std::time::Duration::from_secs(5)) => {}
            by = &mut signal => return Ok(watched(&setup, by)),
        }
    }
}

/// A watch was ended by a signal: events end with how it ended, as those of every command.
fn watched(setup: &Setup, by: Exit) -> i32 {
    if setup.json {
        setup.event(&Event::Done { ok: true, changed: false, cameras: CameraCount::default(), addresses: vec![], says: vec![] });
    }
    by.code()
}

/// Prints a part's log, secrets cut out.
pub async fn logs(setup: Setup, site: Option<&str>, name: &str, tail: usize, follow: bool) -> Result<i32, Vec<Fault>> {
    let Setup { drive, mut events, .. } = setup;
    let site = drive.site(site).map_err(one)?;
    drive.load(&site).map_err(one)?;
    let printing = tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let Event::LogLines { lines, .. } = event {
                let mut out = std::io::stdout();
                for line in lines {
                    if writeln!(out, "{line}").is_err() {
                        return;
                    }
                }
            }
        }
    });
    drive.log(&site, name, tail, follow).await.map_err(one)?;
    drop(drive);
    let _ = printing.await;
    Ok(Exit::Done.code())
}

/// Shows passwords that a person may need; `new` is not offered for what other parts log in with.
pub async fn passwords(setup: Setup, site: Option<&str>, name: Option<&str>, new: bool) -> Result<i32, Vec<Fault>> {
    let site = setup.drive.site(site).map_err(one)?;
    let answers = setup.drive.load(&site).map_err(one)?;
    if new {
        let name = name.unwrap_or_default();
        if name != "vault.password" && !(name.starts_with("agent.") && name.ends_with(".password")) {
            return Err(one(Fault::new(Whose::Input, "PASSWORD-KEPT", format!("{name} cannot be renewed."))
                .cure("These can: vault.password, and agent.CAMERA.password.")));
        }
        setup.root_needed().map_err(one)?;
        let (name, plan) = (name.to_string(), plan_of(&site).map_err(one)?.clone());
        return finish::run(setup, &site.name, |drive| async move {
            // The plan that stands, and not a new one: nothing else of the site changes with a password.
            drive.install_renewed(&answers, &plan, &name).await.map_err(one)
        })
        .await;
    }
    let shown = |n: &str| n.ends_with(".password") && !n.starts_with("camera.");
    let names: Vec<String> = match name {
        Some(name) => vec![name.to_string()],
        None => setup.drive.secrets.names().into_iter().filter(|n| shown(n)).collect(),
    };
    let mut found = serde_json::Map::new();
    for name in &names {
        let value = setup.drive.secrets.get(name).ok_or_else(|| {
            one(Fault::new(Whose::Input, "NO-SUCH-PASSWORD", format!("There is no password {name}."))
                .cure("See which there are: kerbup passwords"))
        })?;
        found.insert(name.clone(), json!(value.expose_secret()));
    }
    if setup.json {
        setup.document(&json!({ "schema": 1, "passwords": found }));
    } else if name.is_some() {
        setup.lines(&found.values().filter_map(|v| v.as_str().map(str::to_string)).collect::<Vec<_>>());
    } else {
        let width = names.iter().map(String::len).max().unwrap_or(0);
        setup.lines(&found.iter().map(|(n, v)| format!("{n:width$}  {}", v.as_str().unwrap_or_default())).collect::<Vec<_>>());
    }
    Ok(Exit::Done.code())
}

/// Stops or starts the whole site.
pub async fn switch(setup: Setup, globals: &Globals, on: bool) -> Result<i32, Vec<Fault>> {
    let site = setup.drive.site(globals.site.as_deref()).map_err(one)?;
    if !on {
        setup.agreed(globals.yes, &[plain::stopping_site(&site.name)], "Stop it?", plain::NOT_STOPPED)?;
    }
    setup.drive.switch(&site, on).await.map_err(one)?;
    let says = if on {
        format!("{} is started. See how it is: kerbup status", site.name)
    } else {
        format!("{} is stopped: nothing is recorded. Start it again: kerbup start", site.name)
    };
    if setup.json {
        setup.document(&json!({ "schema": 1, "site": site.name, "running": on }));
    } else {
        setup.lines(&[says]);
    }
    Ok(Exit::Done.code())
}

/// Lists the sites of this machine.
pub async fn sites(setup: Setup) -> Result<i32, Vec<Fault>> {
    let sites = setup.drive.sites().map_err(one)?;
    if setup.json {
        let all: Vec<_> = sites.iter().map(|s| json!({ "site": s.name, "state": s.state, "unfinished": s.receipt.unfinished() })).collect();
        setup.document(&json!({ "schema": 1, "sites": all }));
    } else if sites.is_empty() {
        setup.lines(&["No site is installed here.".to_string()]);
    } else {
        setup.lines(
            &sites
                .iter()
                .map(|s| format!("{}{}   {}", s.name, if s.receipt.unfinished() { "   (not finished)" } else { "" }, s.state))
                .collect::<Vec<_>>(),
        );
    }
    Ok(Exit::Done.code())
}

/// Takes a site down.
pub async fn uninstall(setup: Setup, globals: &Globals, purge: Option<String>, with_engine: bool) -> Result<i32, Vec<Fault>> {
    let named = globals.site.as_deref().or(purge.as_deref());
    let site = setup.drive.site(named).map_err(one)?;
    if let Some(name) = &purge
        && *name != site.name
    {
        return Err(one(Fault::new(Whose::Input, "WHICH-SITE", format!("--purge-data names {name}, and the site is {}.", site.name))
            .cure("Name the same site twice, so that nothing is deleted by mistake.")));
    }
    setup.root_needed().map_err(one)?;
    let (goes, stays) = setup.drive.farewell(&site, purge.is_some(), with_engine);
    if !globals.yes {
        if setup.json {
            setup.event(&Event::Farewell { site: site.name.clone(), goes, stays });
        } else {
            setup.lines(&undo::farewell(&site.name, &goes, &stays));
        }
        if !setup.confirmed("Remove it?")? {
            return Err(one(
                Fault::new(Whose::Input, "YES-MISSING", "Nothing was removed.").cure("Say it again with --yes, if that is what you want.")
            ));
        }
    }
    let name = site.name.clone();
    finish::run(setup, &name, |drive| async move { drive.uninstall(&site, purge.is_some(), with_engine).await.map_err(one) }).await
}

/// Starts what waits for its disk; run when the machine starts.
pub async fn await_disk(setup: Setup, site: Option<&str>) -> Result<i32, Vec<Fault>> {
    let site = setup.drive.site(site).map_err(one)?;
    if let Some(path) = setup.drive.awaited(&site).map_err(one)? {
        setup.lines(&[format!("Waiting for the disk of {path}. What records there starts once it is here.")]);
    }
    let started = setup.drive.await_disk(&site).await.map_err(one)?;
    let says = if started.is_empty() {
        "The disk is here, and nothing waits for it.".to_string()
    } else {
        format!("The disk is here. Started: {}.", started.join(", "))
    };
    setup.lines(&[says]);
    Ok(Exit::Done.code())
}

/// Keeps the disk from filling up; run by a timer.
pub async fn guard(setup: Setup, site: Option<&str>) -> Result<i32, Vec<Fault>> {
    let site = setup.drive.site(site).map_err(one)?;
    let says = setup.drive.guard(&site).await.map_err(one)?;
    setup.lines(&[says]);
    Ok(Exit::Done.code())
}
