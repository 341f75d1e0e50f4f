//! A camera's address in a site file or as the answer to a question, and the secrets that follow from it.

use secrecy::{ExposeSecret, SecretString};

use crate::model::address::{Address, masked, read, with_login};
use crate::model::answers::Camera;
use crate::model::text::DOTS;
use crate::words::camera::wrong_address;

/// Takes a typed address apart. The error says what is wrong with it and never shows it, since a password may be in it.
pub fn typed(text: &str) -> Result<Address, String> {
    read(text).map_err(|wrong| {
        let (says, cure) = wrong_address(wrong);
        format!("{says} {cure}")
    })
}

/// The same in a file, where it is written in full.
pub fn written(text: &str) -> Result<Address, String> {
    let address = typed(text)?;
    if address.scheme.is_none() {
        return Err("An address starts with rtsp://, such as rtsp://192.0.2.10/stream.".into());
    }
    Ok(address)
}

/// The secrets that follow from a camera's addresses, user and password: what to keep when one of them changes. `whole` and
/// `whole_sub` are the addresses without dots; where they are not known, what was kept before must stay.
pub fn secrets(
    camera: &Camera,
    password: Option<&SecretString>,
    whole: Option<&SecretString>,
    whole_sub: Option<&SecretString>,
) -> Vec<(String, SecretString)> {
    let name = |what: &str| format!("camera.{}.{what}", camera.name);
    let mut all = vec![];
    for (what, shown, whole) in [("url", Some(&camera.url), whole), ("sub_url", camera.sub_url.as_ref(), whole_sub)] {
        let whole = match (whole, shown) {
            (Some(whole), _) => whole.expose_secret(),
            (None, Some(shown)) if !shown.contains(DOTS) => shown,
            _ => continue,
        };
        match (&camera.user, password) {
            (Some(user), Some(password)) => all.push((name(what), with_login(whole, user, password))),
            (None, _) => all.push((name(what), SecretString::from(whole.to_string()))),
            (Some(_), None) => {}
        }
    }
    if let (Some(user), Some(password)) = (&camera.user, password) {
        all.push((name("login"), format!("{user}:{}", password.expose_secret()).into()));
        all.push((name("password"), password.clone()));
    }
    all
}

/// What people and files see of an address, and the whole of it where that is more.
pub fn apart(whole: String) -> (String, Option<SecretString>) {
    let shown = masked(&whole);
    let more = shown != whole;
    (shown, more.then(|| whole.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::answers::Record;

    #[test]
    fn a_file_wants_the_whole_address_and_an_answer_does_not() {
        assert!(written("192.0.2.10").err().unwrap().contains("rtsp://"));
        assert_eq!(typed("192.0.2.10").unwrap().whole(), "rtsp://192.0.2.10");
        let says = typed("http://u:hush@192.0.2.1/").err().unwrap();
        assert!(says.contains("web page") && !says.contains("hush"), "{says}");
    }

    #[test]
    fn a_password_in_the_path_is_kept_whole_and_only_there() {
        let (url, whole) = apart("rtsp://192.0.2.9/user=a&password=S3cret&channel=1".into());
        assert_eq!(url, "rtsp://192.0.2.9/user=a&password=••••&channel=1");
        let camera = Camera { name: "yard".into(), url, sub_url: None, user: None, record: Record::Motion };
        let kept = secrets(&camera, None, whole.as_ref(), None);
        assert_eq!(kept.len(), 1);
        assert!(kept[0].0 == "camera.yard.url" && kept[0].1.expose_secret().contains("S3cret"));
        assert!(secrets(&camera, None, None, None).is_empty(), "dots are never kept as the address");
    }
}
