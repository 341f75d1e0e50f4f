//! cameras test, list, add, change, remove.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::finish;
use super::setup::Setup;
use crate::cli::{CameraFlags, Cameras, Exit, Globals, RecordWhen};
use crate::drive::Drive;
use crate::drive::proof::Wait;
use crate::drive::sites::Site;
use crate::flow::intent::CameraTyped;
use crate::front::line::input::{Asked, Input as _, Stdin, Typed};
use crate::front::{json, line};
use crate::model::answers::{Answers, Record};
use crate::model::fault::{Fault, Whose};
use crate::step::file_fault;
use crate::words::plain;

fn one(fault: Fault) -> Vec<Fault> {
    vec![fault]
}

/// The answers meant: those of the files given, else those of the standing site.
fn answers(setup: &Setup, globals: &Globals) -> Result<(Answers, Option<Site>), Vec<Fault>> {
    if !globals.answers.is_empty() || !globals.sets.is_empty() {
        return Ok((setup.drive.answers(&globals.answers, &globals.sets)?, None));
    }
    let site = setup.drive.site(globals.site.as_deref()).map_err(one)?;
    Ok((setup.drive.load(&site).map_err(one)?, Some(site)))
}

fn no_such(name: &str, answers: &Answers) -> Vec<Fault> {
    let names: Vec<&str> = answers.cameras.iter().map(|c| c.name.as_str()).collect();
    one(Fault::new(Whose::Input, "NO-SUCH-CAMERA", format!("There is no camera {name}.")).cure(format!("There is: {}.", names.join(", "))))
}

/// Runs one of the commands over cameras.
pub async fn cameras(setup: Setup, globals: &Globals, command: Cameras) -> Result<i32, Vec<Fault>> {
    let (mut answers, site) = answers(&setup, globals)?;
    match command {
        Cameras::List => {
            if setup.json {
                setup.document(&json::cameras(&answers.cameras));
            } else {
                setup.lines(&line::show::cameras(&answers.cameras, &Default::default()));
            }
            return Ok(Exit::Done.code());
        }
        Cameras::Test { names } => {
            if let Some(name) = names.iter().find(|n| !answers.cameras.iter().any(|c| c.name == **n)) {
                return Err(no_such(name, &answers));
            }
            answers.cameras.retain(|c| names.is_empty() || names.contains(&c.name));
            let tried = setup.drive.try_cameras(&answers).await;
            // A site that was left half-done has no recorders to ask yet.
            let inside = match site.filter(|s| s.receipt.plan.is_some()) {
                Some(site) => setup.drive.tried_inside(&site, &answers).await.map_err(one)?,
                None => BTreeMap::new(),
            };
            if setup.json {
                setup.document(&json::tried(&tried, &inside));
            } else {
                setup.lines(&line::show::tried(&answers.cameras, &tried, &inside));
            }
            let mut all = tried.iter().chain(inside.values().filter_map(|t| t.as_ref().ok()));
            return Ok(if all.all(|t| t.outcome.is_ok()) { Exit::Done } else { Exit::Network }.code());
        }
        Cameras::Add { name, url, more } => {
            if answers.cameras.iter().any(|c| c.name == name) {
                return Err(one(Fault::new(Whose::Input, "CAMERA-TWICE", format!("There is a camera {name} already."))
                    .cure(format!("Change it instead: kerbup cameras change {name}"))));
            }
            let password = password(&setup, globals, &more, None).await?;
            set(&setup.drive, &mut answers, None, (&name, url, password), &more)?;
        }
        Cameras::Change { name, url, more } => {
            let at = answers.cameras.iter().position(|c| c.name == name).ok_or_else(|| no_such(&name, &answers))?;
            let url = url.unwrap_or_else(|| answers.cameras[at].url.clone());
            let password = password(&setup, globals, &more, answers.cameras[at].user.as_deref()).await?;
            set(&setup.drive, &mut answers, Some(at), (&name, url, password), &more)?;
        }
        Cameras::Remove { name } => {
            let at = answers.cameras.iter().position(|c| c.name == name).ok_or_else(|| no_such(&name, &answers))?;
            answers.cameras.remove(at);
        }
    }
    setup.root_needed().map_err(one)?;
    // Each of them makes, changes or removes a recorder, so each is shown and agreed to first.
    if !globals.yes {
        let quiet = setup.drive.quiet();
        quiet.look(&answers).await;
        quiet.try_cameras(&answers).await;
        let (plan, states) = quiet.plan(&answers).await.map_err(one)?;
        setup.agreed(false, &line::show::changes(&plan, &states), "Do it?", plain::CAMERA_KEPT)?;
    }
    finish::run(setup, &answers.site.clone(), |drive| async move {
        drive.look(&answers).await;
        drive.try_cameras(&answers).await;
        let (plan, _) = drive.plan(&answers).await.map_err(one)?;
        drive.install(&answers, &plan, Wait::AsUsual).await.map_err(one)
    })
    .await
}

/// The password that was given: in a file, or typed where a user was named and somebody sits at a terminal. Empty for none.
/// The password of the user that the camera has already is kept so.
async fn password(setup: &Setup, globals: &Globals, more: &CameraFlags, old_user: Option<&str>) -> Result<SecretString, Vec<Fault>> {
    if let Some(path) = &more.password_file {
        let bytes = setup.drive.papers.read(path).map_err(|e| one(file_fault(&e, path)))?;
        return Ok(SecretString::from(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_string()));
    }
    let Some(user) = more.user.as_ref().filter(|_| setup.can_be_asked() && !globals.yes) else { return Ok(SecretString::default()) };
    let prompt = plain::password_of(user, old_user == Some(user));
    match Stdin::start(&setup.terminal).ask(Asked { prompt, default: String::new(), hidden: true }).await {
        Typed::Line(line) => Ok(SecretString::from(line)),
        _ => Err(one(Fault::new(Whose::Input, "YES-MISSING", plain::CAMERA_KEPT).cure(plain::PASSWORD_FILE))),
    }
}

/// Takes over what was said of a camera: its name, address and password.
fn set(
    drive: &Drive,
    answers: &mut Answers,
    at: Option<usize>,
    (name, url, password): (&str, String, SecretString),
    more: &CameraFlags,
) -> Result<(), Vec<Fault>> {
    let old = at.and_then(|i| answers.cameras.get(i)).cloned();
    let record = match more.record {
        Some(RecordWhen::Always) => Record::Always,
        Some(RecordWhen::Motion) => Record::Motion,
        None => old.as_ref().map_or(Record::Motion, |c| c.record),
    };
    let user = more.user.clone().or_else(|| old.as_ref().and_then(|c| c.user.clone())).unwrap_or_default();
    let typed = CameraTyped { name: name.into(), url, sub_url: more.sub_url.clone(), user, password, record };
    let (camera, _) = drive.set_camera(typed, old.as_ref()).map_err(one)?;
    match at {
        Some(at) => answers.cameras[at] = camera,
        None => answers.cameras.push(camera),
    }
    Ok(())
}
