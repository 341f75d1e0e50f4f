//! What lies in a site's video store, put there and found with a client that is not ours. Addresses are signed with the site's
//! own password.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};

use crate::engine::{Site, tool};

/// A secret of the site, from the folder that lies with its recordings: that one outlives the other.
pub fn secret(site: &Site, name: &str) -> String {
    let text = fs::read_to_string(site.storage().join(".kerbup/secrets.toml")).unwrap();
    toml::from_str::<BTreeMap<String, String>>(&text).unwrap()[name].clone()
}

/// The key of a recording that began so many days ago.
pub fn key(site: &Site, days: f64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    format!("{}/{:.0}_3-485_yard_0-0-0-0_0_0_.mp4", site.name, now - days * 86_400.0)
}

fn bucket(site: &Site) -> (Bucket, Credentials) {
    let address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = tool("docker", &["inspect", "-f", address, &format!("{}-minio", site.name)]);
    let url = format!("http://{}:9000", address.trim()).parse().unwrap();
    let keys = Credentials::new("kerberos", secret(site, "minio.password"));
    (Bucket::new(url, UrlStyle::Path, "recordings", "us-east-1").unwrap(), keys)
}

/// Status and body of the answer.
fn ask(method: &str, url: &str, body: Option<&[u8]>) -> (u16, String) {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("body");
    fs::write(&file, body.unwrap_or_default()).unwrap();
    let upload = ["-T", file.to_str().unwrap()];
    let mut args = vec!["-s", "-m", "30", "-X", method, "-w", "\n%{http_code}"];
    args.extend(body.iter().flat_map(|_| upload));
    args.push(url);
    let answer = tool("curl", &args);
    let (text, status) = answer.rsplit_once('\n').unwrap();
    (status.trim().parse().unwrap(), text.to_string())
}

const VALID: Duration = Duration::from_secs(60);

/// Tries to store something.
pub fn try_put(site: &Site, key: &str, body: &[u8]) -> (u16, String) {
    let (bucket, keys) = bucket(site);
    ask("PUT", bucket.put_object(Some(&keys), key).sign(VALID).as_str(), Some(body))
}

/// Stores something and answers its key.
pub fn put(site: &Site, key: &str, body: &[u8]) -> String {
    assert_eq!(try_put(site, key, body), (200, String::new()));
    key.to_string()
}

/// What is stored.
pub fn get(site: &Site, key: &str) -> (u16, String) {
    let (bucket, keys) = bucket(site);
    ask("GET", bucket.get_object(Some(&keys), key).sign(VALID).as_str(), None)
}

/// Deletes it.
pub fn delete(site: &Site, key: &str) {
    let (bucket, keys) = bucket(site);
    assert_eq!(ask("DELETE", bucket.delete_object(Some(&keys), key).sign(VALID).as_str(), None).0, 204);
}
