//! plan, install and change: the journey without questions.

use std::time::Duration;

use super::setup::Setup;
use crate::ask;
use crate::cli::{Exit, Globals};
use crate::drive::install::Finished;
use crate::drive::proof::Wait;
use crate::front::{json, line};
use crate::model::answers::Answers;
use crate::model::check::{Check, Fix, Status};
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::model::journal::{Ending, Purpose};

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
    let site = setup.drive.site(globals.site.as_deref()).map_err(one)?;
    // Who says nothing of what is to be changed is asked, on any terminal.
    let asks = !globals.yes && !setup.json && setup.can_be_asked();
    if (setup.full || asks) && globals.sets.is_empty() && globals.answers.is_empty() {
        return super::wizard::from(setup, globals, crate::flow::Stage::Where).await;
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
    let Setup { drive, events, json, terminal, .. } = setup;
    let (quiet, name) = (drive.quiet(), answers.site.clone());
    let work = {
        let drive = drive.clone();
        tokio::spawn(async move {
            let one = |f: Fault| vec![f];
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
                return drive.resume(&site, wait).await.map_err(one);
            }
            let (_, checks) = drive.look(&answers).await;
            judged(&checks, strict)?;
            drive.try_cameras(&answers).await;
            let (plan, states) = drive.plan(&answers).await.map_err(one)?;
            drive.send(Event::Planned { plan: Box::new(plan.clone()), states });
            drive.install(&answers, &plan, wait).await.map_err(one)
        })
    };
    drop(drive);
    let code = finish(work, events, json, terminal).await?;
    if code == Exit::Interrupted.code() && quiet.attached().is_none() {
        // A person ended it: it waits for a person. A machine that goes down ends it otherwise, and goes on by itself.
        quiet.stand_down(&name);
    }
    Ok(code)
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
    let Setup { drive, events, json, terminal, .. } = setup;
    let work = tokio::spawn(async move {
        // Who takes a site down needs to know nothing of the machine, nor of its cameras.
        if site.receipt.purpose == Some(Purpose::Install) {
            let answers = drive.load(&site).map_err(one)?;
            drive.look(&answers).await;
            drive.try_cameras(&answers).await;
        }
        drive.resume(&site, Wait::AsUsual).await.map_err(one)
    });
    finish(work, events, json, terminal).await
}

/// Prints events until the work is done and turns how it ended into an exit code.
pub async fn finish(
    mut work: tokio::task::JoinHandle<Result<Finished, Vec<Fault>>>,
    events: tokio::sync::mpsc::UnboundedReceiver<Event>,
    as_json: bool,
    terminal: line::Terminal,
) -> Result<i32, Vec<Fault>> {
    let printing = tokio::spawn(async move {
        if as_json {
            json::events(events, &mut std::io::stdout()).await;
        } else {
            let _ = line::unattended(events, &mut std::io::stderr(), &terminal).await;
        }
    });
    let broken = |e: tokio::task::JoinError| {
        vec![
            Fault::new(Whose::Ours, "BROKE-OFF", "kerbup broke off.")
                .because(e.to_string())
                .cure("Run it again: it goes on where it stopped."),
        ]
    };
    let result = tokio::select! {
        result = &mut work => result.map_err(broken)?,
        code = ended_by_signal() => return Ok(code),
    };
    let finished = match result {
        Ok(finished) => finished,
        Err(faults) => {
            printing.abort();
            return Err(faults);
        }
    };
    let _ = printing.await;
    Ok(match (finished.ending, &finished.fault) {
        (Ending::Done, _) => Exit::Done,
        (Ending::Stopped, _) => Exit::Stopped,
        (Ending::Failed, Some(fault)) => Exit::from_fault(fault),
        (Ending::Failed, None) => Exit::Failed,
    }
    .code())
}

/// Ctrl-C and TERM end the program; the journal resumes. A lost line (HUP) does not end a run.
async fn ended_by_signal() -> i32 {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut int), Ok(mut term), Ok(mut hup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    loop {
        tokio::select! {
            _ = int.recv() => return Exit::Interrupted.code(),
            _ = term.recv() => return Exit::Terminated.code(),
            _ = hup.recv() => {}
        }
    }
}
