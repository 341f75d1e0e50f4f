//! The video store: MinIO's own health pages, then a listing signed with our keys. A bucket that is missing is told by a
//! store that has accepted the signature, so it proves the login as well.

use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

use super::{QUESTION, Target, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;
use crate::words::health as words;
use crate::world::network::{NetError, Request, Response};

/// Bucket of the recordings, where the subject names none: what the recipe of the video store makes.
const BUCKET: &str = "recordings";

/// The signature is used at once.
const VALID: Duration = Duration::from_secs(60);

pub(super) async fn ask(target: &Target<'_>) -> Reading {
    let (live, cluster, listed) = tokio::join!(
        target.get("/minio/health/live", None),
        target.get("/minio/health/cluster", None),
        list(target, |query| query.with_max_keys(1))
    );
    let live = match live {
        Ok(answer) => answer.status,
        Err(e) => return unanswered(&e),
    };
    if live >= 500 {
        return Reading::new(ComponentState::Degraded, words::status("/minio/health/live", live));
    }
    let mut reading = match listed {
        Err(e) => return unanswered(&e),
        Ok(answer) if answer.status != 200 => refused(&answer),
        // A page of some other program is no listing.
        Ok(answer) if !String::from_utf8_lossy(&answer.body).contains("ListBucketResult") => {
            Reading::new(ComponentState::Degraded, words::OTHER_PROGRAM)
        }
        Ok(_) => Reading::new(ComponentState::Healthy, words::answers("a video store")),
    };
    if reading.state == ComponentState::Healthy && cluster.is_ok_and(|a| a.status == 503) {
        reading.state = ComponentState::Degraded;
        reading.evidence.insert(0, words::S3_CANNOT_WRITE.into());
    }
    reading
}

/// A signed listing of our bucket.
pub(super) async fn list(target: &Target<'_>, shape: impl FnOnce(&mut ListObjectsV2<'_>)) -> Result<Response, NetError> {
    let odd = |why: String| NetError::Protocol(target.at().to_string(), why);
    let name = target.subject.path.as_deref().map(|p| p.trim_matches('/')).filter(|p| !p.is_empty()).unwrap_or(BUCKET).to_owned();
    let bucket = Bucket::new(target.url("/")?, UrlStyle::Path, name, "us-east-1").map_err(|e| odd(e.to_string()))?;
    let now = jiff::Timestamp::from_second(target.world.clock.now() as i64).map_err(|e| odd(e.to_string()))?;
    let keys = Credentials::new(target.user(), target.password());
    let mut action = bucket.list_objects_v2(Some(&keys));
    shape(&mut action);
    let url = action.sign_with_time(VALID, &now);
    target.world.network.http(Request { timeout: QUESTION, ..Request::get(url) }).await
}

/// The store's error code decides, since 403 has several causes.
fn refused(answer: &Response) -> Reading {
    let body = String::from_utf8_lossy(&answer.body);
    let code = body.split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next());
    let (state, says) = match code {
        Some("NoSuchBucket") => (ComponentState::Healthy, words::S3_NO_BUCKET.to_owned()),
        Some("RequestTimeTooSkewed") => (ComponentState::Degraded, words::S3_CLOCK.to_owned()),
        Some("SignatureDoesNotMatch" | "InvalidAccessKeyId" | "AccessDenied") => (ComponentState::Degraded, words::REFUSES.to_owned()),
        Some("XMinioStorageFull" | "XMinioDiskFull") => (ComponentState::Degraded, words::DISK_FULL.to_owned()),
        Some("SlowDown" | "XMinioServerNotInitialized" | "InternalError" | "SlowDownRead") => {
            (ComponentState::Degraded, words::S3_CANNOT_WRITE.to_owned())
        }
        None if answer.status == 403 => (ComponentState::Degraded, words::REFUSES.to_owned()),
        None if answer.status < 500 => (ComponentState::Degraded, words::OTHER_PROGRAM.to_owned()),
        _ => (ComponentState::Degraded, words::status("a listing", answer.status)),
    };
    Reading::new(state, says)
}
