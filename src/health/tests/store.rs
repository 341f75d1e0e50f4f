//! The told machine's video store: it checks each signature and lists what it holds, as MinIO answers.

use std::time::Duration;

use url::Url;

use super::machine::{Machine, NOW, Store};
use crate::world::network::Response;

impl Machine {
    /// As a store does, the signature is made again with the password that it knows, and compared.
    pub fn listing(&self, url: &Url) -> Response {
        let told = |status: u16, body: String| Response { status, headers: vec![], body: body.into_bytes() };
        let code = |status: u16, code: &str| told(status, format!("<Error><Code>{code}</Code></Error>"));
        let base = Url::parse(&url[..url::Position::BeforePath]).unwrap();
        let bucket = rusty_s3::Bucket::new(base, rusty_s3::UrlStyle::Path, "recordings", "us-east-1").unwrap();
        let keys = rusty_s3::Credentials::new(self.user, self.password);
        let asked: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(k, _)| !k.starts_with("X-Amz-")).collect();
        let given = |key: &str| asked.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        let mut action = bucket.list_objects_v2(Some(&keys));
        for (key, value) in &asked {
            rusty_s3::S3Action::query_mut(&mut action).insert(key.clone(), value.clone());
        }
        let again = rusty_s3::S3Action::sign_with_time(&action, Duration::from_secs(60), &jiff::Timestamp::from_second(NOW).unwrap());
        match self.store {
            Store::Skewed => code(403, "RequestTimeTooSkewed"),
            _ if *url != again => code(403, "SignatureDoesNotMatch"),
            Store::NoBucket => code(404, "NoSuchBucket"),
            _ if given("delimiter").is_some() => told(200, page("<CommonPrefixes><Prefix>front/</Prefix></CommonPrefixes>", false)),
            _ => {
                let keys = self.stored.iter().map(|(at, size)| (format!("front/{at}_1-2_front_0-0-0-0_0_0_.mp4"), size));
                let from = given("start-after").unwrap_or_default();
                let limit = given("max-keys").and_then(|n| n.parse().ok()).unwrap_or(1000);
                let rest: Vec<_> = keys.filter(|(key, _)| key.as_str() > from).collect();
                let shown: String = rest
                    .iter()
                    .take(limit)
                    .map(|(key, size)| {
                        format!("<Contents><ETag>e</ETag><Key>{key}</Key><LastModified>x</LastModified><Size>{size}</Size></Contents>")
                    })
                    .collect();
                told(200, page(&shown, rest.len() > limit))
            }
        }
    }
}

fn page(inside: &str, more: bool) -> String {
    let next = if more { "<NextContinuationToken>n</NextContinuationToken>" } else { "" };
    format!(
        r#"<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><MaxKeys>1</MaxKeys><IsTruncated>{more}</IsTruncated>{inside}{next}<EncodingType>url</EncodingType></ListBucketResult>"#
    )
}
