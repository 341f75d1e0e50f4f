//! plan, install and change: the journey without questions.

use std::time::Duration;

use super::finish;
use super::setup::Setup;
use crate::ask;
use crate::cli::{Exit, Globals};
use crate::drive::proof::Wait;
use crate::front::{json, line};
use crate::model::answers::Answers;
use crate::model::check::{Check, Fix, Status};
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::model::journal::Purpose;

/// What stands in the way; what the plan itself will mend does not.
fn blocks(checks: &[Check]) -> Vec<&Check> {
    checks.iter().filter(|c| c.status == Status::Block && !matches!(c.fix, Some(Fix::InstallDocker | Fix::StartDocker))).collect()
}

fn judged(checks: &[Check], strict: bool) -> Result<(), Vec<Fault>> {
    let as_fault = |code: &str, c: &&Check| Fault::new(Whose::Machine, code, format!("{}: {}", c.id, c.seen)).cure(c.advice.clone());
    let blocking = blocks(checks);
    if !blocking.is_empty() {
        return Err(blocking.iter().map(|c| as_fault("CHECK-BLOCKS", c)).collect());
    }
    let warning: Vec<&Check> = checks.iter().filter(|c| c.status == Status::Warn).collect();
    if strict && !warning.is_empty() {
        return Err(warning.iter().map(|c| as_fault("CHECK-WARNS", c)).collect());
    }
    Ok(())
}

async fn ready(setup: &Setup, globals: &Globals) -> Result<Answers, Vec<Fault>> {
    let answers = setup.drive.answers(&globals.answers, &globals.sets)?;
    let mut wrong = ask::missing(&answers);
    wrong.extend(ask::unsupported(&answers));
    if wrong.is_empty() { Ok(answers) } else { Err(wrong) }
}

/// Shows the plan and changes nothing.
pub async fn plan(setup: Setup, globals: &Globals) -> Result<i32, Vec<Fault>> {
    let answers = ready(&setup, globals).await?;
    let (_, checks) = setup.drive.look(&answers).await;
    judged(&checks, globals.strict)?;
    setup.drive.try_cameras(&answers).await;
    let (plan, states) = setup.drive.plan(&answers).await.map_err(|f| vec![f])?;
    if setup.json {
        setup.document(&json::plan(&plan, &states));
    } else {
        setup.lines(&line::show::plan(&plan, &states));
    }
    Ok(Exit::Done.code())
}

/// Installs as the site file says.
pub async fn install(setup: Setup, globals: &Globals, wait: Option<Duration>) -> Result<i32, Vec<Fault>> {
    if !globals.yes {
        return Err(vec![
            Fault::new(Whose::Input, "YES-MISSING", "An install without questions needs --yes.")
                .cure("Look at what it would do first: kerbup plan --answers FILE. Then: kerbup install --answers FILE --yes"),
        ]);
    }
    let answers = ready(&setup, globals).await?;
    setup.root_needed().map_err(|f| vec![f])?;
    carry(setup, answers, globals.strict, Wait::given(wait)).await
}

/// Changes the answers of a standing site.
pub async fn change(setup: Setup, globals: &Globals) -> Result<i32, Vec<Fault>> {
    let one = |f: Fault| vec![f];
    let sites = setup.drive.sites().map_err(one)?;
    let site = setup.drive.meant(&sites, globals.site.as_deref()).map_err(one)?.clone();
    // Who says nothing of what is to be changed is asked, on any terminal.
    let asks = !globals.yes && !setup.json && setup.can_be_asked();
    if (setup.full || asks) && globals.sets.is_empty() && globals.answers.is_empty() {
        return super::wizard::from(setup, globals, crate::flow::Stage::Where, sites).await;
    }
    setup.drive.load(&site).map_err(one)?;
    let mut files = vec![format!("{}/site.toml", site.state)];
    files.extend(globals.answers.iter().cloned());
    let answers = setup.drive.answers(&files, &globals.sets)?;
    if answers.site != site.name {
        return Err(vec![
            Fault::new(Whose::Input, "SITE-RENAMED", "A site keeps its name.")
                .cure("Install another site beside it, or leave site.name as it is."),
        ]);
    }
    if !globals.yes {
        let (_, checks) = setup.drive.look(&answers).await;
        judged(&checks, globals.strict)?;
        let (plan, states) = setup.drive.plan(&answers).await.map_err(one)?;
        if setup.json {
            setup.event(&Event::Planned { plan: Box::new(plan), states });
        } else {
            setup.lines(&line::show::plan(&plan, &states));
        }
        return Err(vec![
            Fault::new(Whose::Input, "YES-MISSING", "Nothing was changed: a change without questions needs --yes.")
                .cure("Say it again with --yes, if that is what you want."),
        ]);
    }
    setup.root_needed().map_err(one)?;
    carry(setup, answers, globals.strict, Wait::AsUsual).await
}

async fn carry(setup: Setup, answers: Answers, strict: bool, wait: Wait) -> Result<i32, Vec<Fault>> {
    let site = answers.site.clone();
    finish::run(setup, &site, |drive| async move {
        // The same answers on a run that was cut off: it goes on with the plan that was accepted.
        if let Ok(site) = drive.site(Some(&answers.site))
            && site.receipt.unfinished()
            // An uninstall that was cut off is not gone on with: who says install wants the site.
            && site.receipt.purpose == Some(Purpose::Install)
            && drive.load(&site).is_ok_and(|old| ask::save(&old) == ask::save(&answers))
        {
            // Where another kerbup is at it, that run is shown.
            if !drive.under_way(&site.state) {
                drive.look(&answers).await;
                drive.try_cameras(&answers).await;
            }
            return drive.resume(&site, wait).await.map_err(|f| vec![f]);
        }
        let (_, checks) = drive.look(&answers).await;
        judged(&checks, strict)?;
        drive.try_cameras(&answers).await;
        let (plan, states) = drive.plan(&answers).await.map_err(|f| vec![f])?;
        drive.send(Event::Planned { plan: Box::new(plan.clone()), states });
        drive.install(&answers, &plan, wait).await.map_err(|f| vec![f])
    })
    .await
}

/// Goes on where a run was cut off, without anybody there. A site whose run has ended needs nothing.
pub async fn resume(setup: Setup, site: Option<&str>) -> Result<i32, Vec<Fault>> {
    let one = |f: Fault| vec![f];
    let site = setup.drive.site(site).map_err(one)?;
    setup.root_needed().map_err(one)?;
    if !site.receipt.unfinished() {
        setup.drive.stand_down(&site.name);
        setup.lines(&[format!("Nothing is left to do on the site {}.", site.name)]);
        return Ok(Exit::Done.code());
    }
    let name = site.name.clone();
    finish::run(setup, &name, |drive| async move {
        // Who takes a site down needs to know nothing of the machine, nor of its cameras.
        if site.receipt.purpose == Some(Purpose::Install) {
            let answers = drive.load(&site).map_err(one)?;
            drive.look(&answers).await;
            drive.try_cameras(&answers).await;
        }
        drive.resume(&site, Wait::AsUsual).await.map_err(one)
    })
    .await
}
