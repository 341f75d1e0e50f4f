//! The bucket for recordings, and the rule that deletes what is too old. Through the S3 API, whoever serves it.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use rusty_s3::Method;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{Context, Kind, engine_fault, with};
use crate::model::event::Unit;
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::world::network::{Request, Response};

/// The kind.
pub struct Bucket;

/// What it needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct With {
    /// Container that serves it, and the network on which its address is looked up.
    pub container: String,
    /// Network.
    pub network: String,
    /// Port inside.
    pub port: u16,
    /// Bucket.
    pub bucket: String,
    /// Region.
    pub region: String,
    /// Access key.
    pub user: String,
    /// Secret that holds the secret key.
    pub password: String,
    /// Days to keep.
    pub days: u32,
}

/// Seconds that the store may take to start.
const PATIENCE: u64 = 60;

const RULE: &str = "kerbup-days-to-keep";

fn lifecycle(days: u32) -> String {
    format!(
        "<LifecycleConfiguration><Rule><ID>{RULE}</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><Expiration><Days>{days}</Days></Expiration></Rule></LifecycleConfiguration>"
    )
}

async fn ask(w: &With, cx: &Context, method: Method, query: &[(&str, &str)], body: Vec<u8>) -> Result<Response, Fault> {
    let seen = cx.world.engine.container(&w.container).await.map_err(|e| engine_fault(e, &w.container))?;
    let address = seen.and_then(|s| s.addresses.get(&w.network).cloned()).unwrap_or_default();
    let silent = |why: String| {
        Fault::new(Whose::Machine, "STORE-SILENT", "The video store does not answer.")
            .because(why)
            .cure("Run kerbup again: it goes on where it stopped.")
    };
    let url = Url::parse(&format!("http://{address}:{}/{}", w.port, w.bucket))
        .map_err(|_| silent(format!("{} has no address on the network {}", w.container, w.network)))?;
    let key = cx.secrets.get(&w.password).ok_or_else(|| silent("its password is not known here".into()))?;
    let now = jiff::Timestamp::from_second(cx.world.clock.now() as i64).unwrap_or_default();
    let signed = rusty_s3::signing::sign(
        &now,
        method,
        url,
        &w.user,
        key.expose_secret(),
        None,
        &w.region,
        300,
        query.iter().copied(),
        std::iter::empty(),
    );
    let mut headers = vec![];
    if !body.is_empty() {
        headers.push(("content-md5".to_string(), STANDARD.encode(Md5::digest(&body))));
        headers.push(("content-type".to_string(), "application/xml".to_string()));
    }
    let word = match method {
        Method::Head => "HEAD",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        _ => "GET",
    };
    // An error may quote the signed address: only its kind is kept.
    cx.world
        .network
        .http(Request { method: word, url: signed, headers, body, timeout: Duration::from_secs(10), ca: None })
        .await
        .map_err(|_| silent("no answer to a signed request".into()))
}

/// Asks for the bucket, and again while the store is silent or not ready: an engine that was restarted starts it again just now.
async fn awake(w: &With, cx: &Context) -> Result<Response, Fault> {
    let mut waited = 0;
    loop {
        let head = ask(w, cx, Method::Head, &[], vec![]).await;
        let later = match &head {
            Ok(answer) => answer.status == 503,
            // Without its password waiting does not help.
            Err(fault) => fault.code == "STORE-SILENT" && cx.secrets.get(&w.password).is_some(),
        };
        if !later || waited >= PATIENCE {
            return head;
        }
        cx.report.progress(waited, Some(PATIENCE), Unit::Seconds, "waiting until the video store answers");
        cx.world.clock.sleep(Duration::from_secs(1)).await;
        waited += 1;
    }
}

fn refused(r: &Response, what: &str) -> Fault {
    let text = String::from_utf8_lossy(&r.body);
    let code = text.split_once("<Code>").and_then(|(_, t)| t.split_once("</Code>")).map_or("", |(c, _)| c);
    let code_of_ours = if r.status == 507 { "DISK-FULL" } else { "STORE-REFUSED" };
    let fault =
        Fault::new(Whose::Machine, code_of_ours, format!("The video store refuses {what}.")).because(format!("HTTP {} {code}", r.status));
    match r.status {
        403 => fault.cure("Its data was made with another password. Use the folder's own secrets, or another folder."),
        507 => fault.cure("Its disk is full. Free some space on it, then run kerbup again."),
        _ => fault.cure("Run kerbup again; if it stays, look at: kerbup logs minio"),
    }
}

/// Days of the rule that stands; none where there is no rule of ours.
pub async fn days_kept(w: &With, cx: &Context) -> Result<Option<u32>, Fault> {
    let rule = ask(w, cx, Method::Get, &[("lifecycle", "")], vec![]).await?;
    let text = String::from_utf8_lossy(&rule.body).into_owned();
    let days = text.split_once("<Days>").and_then(|(_, rest)| rest.split_once("</Days>")).and_then(|(d, _)| d.parse().ok());
    Ok(days.filter(|_| text.contains(RULE)))
}

/// Sets the rule.
pub async fn keep(w: &With, cx: &Context, days: u32) -> Result<(), Fault> {
    let rule = ask(w, cx, Method::Put, &[("lifecycle", "")], lifecycle(days).into_bytes()).await?;
    if rule.status == 200 { Ok(()) } else { Err(refused(&rule, "the rule that deletes old recordings")) }
}

#[async_trait]
impl Kind for Bucket {
    fn name(&self) -> &'static str {
        "bucket"
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let w: With = with(step)?;
        // The store itself may not run yet: then the bucket is not to be seen, and apply waits for it.
        let Ok(head) = ask(&w, cx, Method::Head, &[], vec![]).await else { return Ok(StepState::Absent) };
        match head.status {
            200 => {
                // Fewer days than planned are the guard's work while the disk is full.
                if days_kept(&w, cx)
                    .await?
                    .is_some_and(|d| d <= w.days && (d == w.days || cx.made.as_ref().is_some_and(|m| m["days"] == w.days)))
                {
                    Ok(if cx.made.is_some() { StepState::OursAlready } else { StepState::AlreadyThere })
                } else {
                    Ok(StepState::Different { diff: vec![format!("recordings are not deleted after {} days", w.days)] })
                }
            }
            _ => Ok(StepState::Absent),
        }
    }

    async fn prepare(&self, _step: &Step, _cx: &Context) -> Result<Value, Fault> {
        // Bucket and rule live in the store's own folder: they stay and go with it.
        Ok(json!({}))
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let head = awake(&w, cx).await?;
        if head.status == 404 {
            let made = ask(&w, cx, Method::Put, &[], vec![]).await?;
            if !matches!(made.status, 200 | 409) {
                return Err(refused(&made, "to make a bucket"));
            }
        } else if head.status != 200 {
            return Err(refused(&head, "the login"));
        }
        keep(&w, cx, w.days).await?;
        Ok(json!({ "bucket": w.bucket, "days": w.days }))
    }

    async fn revert(&self, _step: &Step, _undo: &Value, _cx: &Context) -> Result<(), Fault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_names_its_days_and_a_refusal_its_cure() {
        assert!(lifecycle(12).contains("<Days>12</Days>"));
        let full = Response { status: 507, body: b"<Error><Code>XMinioStorageFull</Code></Error>".to_vec(), ..Response::default() };
        let fault = refused(&full, "a bucket");
        assert_eq!(fault.code, "DISK-FULL");
        assert!(fault.because[0].contains("XMinioStorageFull") && fault.cure[0].contains("full"));
    }
}
