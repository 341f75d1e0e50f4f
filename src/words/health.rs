//! Sentences about the parts' health: what was asked, what was answered, and what that means.

/// The engine knows no such container.
pub const ABSENT: &str = "It is not there.";
/// The engine gave no answer.
pub const ENGINE_SILENT: &str = "The container engine did not answer in time.";
/// Created.
pub const NEVER_STARTED: &str = "It was made, and never started.";
/// Paused.
pub const PAUSED: &str = "Somebody paused it.";
/// Exited on request.
pub const STOPPED: &str = "Somebody stopped it.";
/// A state that is not known.
pub const ODD_STATE: &str = "The engine is removing it, or could not start or stop it.";
/// No room.
pub const DISK_FULL: &str = "The disk for recordings is full, or as good as full: the video store takes nothing more. Remove what does not belong \
                             there, or keep fewer days: kerbup change --set storage.retention_days=7 --yes";
/// The recorder deletes what it could not hand over.
pub const LOST: &str = "Recordings could not be handed over, and its recorder deletes the oldest of them to go on. See what is wrong with the video \
                        store or the library: once that is mended, what still waits is saved.";
/// No address.
pub const NO_ADDRESS: &str = "It runs, but has no address on the stack's network.";
/// No such probe.
pub const NO_PROBE: &str = "It runs. This kerbup does not know how to ask it more.";
/// Right login, nothing set up.
pub const NOT_SET_UP: &str = "It answers, and waits to be set up: no storage or no account is entered yet.";
/// Vault's settings.
pub const NO_SETTINGS: &str = "Its login works; its settings could not be read.";
/// Login could not be tried.
pub const NO_LOGIN_ROUTE: &str = "It answers; its login could not be tried.";
/// Another program.
pub const OTHER_PROGRAM: &str = "Another program answers on its port.";
/// MinIO's cluster check.
pub const S3_CANNOT_WRITE: &str = "The video store answers, but says that it cannot write.";
/// The bucket.
pub const S3_NO_BUCKET: &str = "The video store takes our login; the folder for recordings is not made in it yet.";
/// Signature times.
pub const S3_CLOCK: &str = "The video store refuses the request because the clocks differ by more than 15 minutes.";
/// Agent's camera.
pub const CAMERA_ON: &str = "The recorder gets the camera's picture.";
/// Agent's camera.
pub const CAMERA_OFF: &str = "The recorder gets no picture from the camera.";
/// Agent's start.
pub const CAMERA_WAITS: &str = "The recorder waits half a minute at each start before it opens the camera.";
/// Agent is stopped.
pub const RECORDER_STOPPED: &str = "Its recorder is stopped.";
/// Agent does not work.
pub const RECORDER_DOWN: &str = "Its recorder does not work.";
/// Agent could not be asked.
pub const RECORDER_UNKNOWN: &str = "Its recorder could not be asked.";

/// The disk is not there yet.
pub fn disk_awaited(path: &str) -> String {
    format!("It waits for the disk of {path}, which is not there.")
}

/// No answer.
pub fn silent(seconds: u64) -> String {
    format!("It runs, but did not answer within {seconds} s.")
}

/// It answered as it should.
pub fn answers(what: &str) -> String {
    format!("It answers as {what}, and takes our login.")
}

/// It answered a page.
pub fn status(path: &str, status: u16) -> String {
    format!("It answers {path} with status {status}.")
}

/// Restarts.
pub fn restarted(times: u64) -> String {
    if times == 1 { "It was restarted once.".into() } else { format!("It was restarted {times} times.") }
}

/// Nothing saved for long although the picture comes.
pub fn not_saved(seconds: f64) -> String {
    format!("The picture comes, but nothing was saved for {:.0} minutes.", seconds / 60.0)
}

/// Its port is closed.
pub const CLOSED: &str = "It runs, but nothing listens on its port.";
/// No answer.
pub const NO_ANSWER: &str = "It runs, but does not answer.";
/// Wrong password.
pub const REFUSES: &str = "It answers, but refuses our password.";

/// No way to it.
pub fn no_way(why: &str) -> String {
    format!("It runs, but this machine finds no way to it: {why}.")
}

/// Another protocol.
pub fn odd(why: &str) -> String {
    format!("Something answers, but not as expected: {why}.")
}

/// Why a program ended, by its exit code. 128 and more is a signal; 62 and 14 are MongoDB's own.
pub fn ended(code: Option<i64>, oom: bool, error: Option<&str>) -> String {
    if let Some(error) = error.filter(|e| !e.is_empty()) {
        return format!("The engine could not start it: {error}");
    }
    if oom {
        return "It used more memory than it may, and was ended for that.".into();
    }
    match code {
        None | Some(0) => "It ended by itself.".into(),
        Some(126) => "It cannot be run: the image is not made for this processor, or may not be executed (exit code 126).".into(),
        Some(127) => "It cannot be run: the program is not in the image (exit code 127).".into(),
        Some(132) => "It needs something that this processor cannot do, often AVX (exit code 132).".into(),
        Some(134) => "It gave up on a fault of its own (exit code 134).".into(),
        Some(135) => "It could not reach its memory or its file (exit code 135): often a full or failing disk.".into(),
        Some(137) => "It was ended from outside, often for lack of memory (exit code 137).".into(),
        Some(139) => "It crashed (exit code 139).".into(),
        Some(62) => "Its data comes from another version that does not fit (exit code 62).".into(),
        Some(14) => "Its data is damaged, or it may not write there (exit code 14).".into(),
        Some(code) => format!("It ended with exit code {code}; its log says why."),
    }
}

/// The Agent's log says that the camera does not take the login. Where there was no connection, no number in it is a status.
pub fn camera_refuses(said: &str) -> bool {
    !said.contains("dial tcp") && said.split(|c: char| !c.is_ascii_digit()).any(|number| matches!(number, "401" | "403"))
}

/// What the Agent's log says of its camera, in plain words; the login is never in it.
pub fn camera_log(said: &str) -> String {
    let has = |what: &str| said.contains(what);
    // A number by itself: a port such as 40404 is no status.
    let status = |code: &str| said.split(|c: char| !c.is_ascii_digit()).any(|number| number == code);
    if camera_refuses(said) {
        "The camera answers, but refuses the login.".into()
    } else if !has("dial tcp") && (status("404") || status("454") || has("status code: 400")) {
        "The camera answers, but has nothing at this path.".into()
    } else if has("connection refused") {
        "The camera's port is closed.".into()
    } else if has("i/o timeout") || has("deadline") {
        "The camera does not answer.".into()
    } else if has("no route to host") || has("network is unreachable") {
        "There is no way to the camera.".into()
    } else if has("no such host") || has("server misbehaving") {
        "The camera's name is not known inside the stack.".into()
    } else if has("x509") || has("configure RTSPS TLS") {
        "The camera's certificate is not trusted.".into()
    } else if has("wrong codec") || has("not enough bits") {
        "The camera sends a picture that the recorder does not take: choose H.264 in the camera.".into()
    } else if has("no rtsp url") {
        "The recorder has no camera address.".into()
    } else {
        "The recorder cannot open the camera; its log says more.".into()
    }
}
