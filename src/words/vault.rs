//! What to enter in Vault's own page until kerbup does it: where to store, and who may. What each field is called is known from
//! its maker's deployment guide; the words of its menu are not, and are said to be a guess.

use crate::model::health::HealthSnapshot;

/// Title of the list.
pub const TITLE: &str = "What to enter, once";

/// The part that is the site's own video store.
const STORE: &str = "minio";
/// Where Vault finds the video store on the stack's own network.
pub const ENDPOINT: &str = "minio:9000";
/// The bucket that kerbup made.
pub const BUCKET: &str = "recordings";
/// User of the video store.
pub const STORE_USER: &str = "kerberos";
/// Secret with the video store's password.
pub const STORE_PASSWORD: &str = "minio.password";
/// Secrets with the keys of somebody's own video store.
const OWN_KEY: &str = "object_storage.access_key";
const OWN_SECRET: &str = "object_storage.secret_key";
/// Name of the storage provider: the recorders ask for this one.
pub const PROVIDER: &str = "minio";
/// Secret with the account's access key, which the recorders have.
pub const ACCESS_KEY: &str = "vault.account-access-key";
/// Secret with the account's secret key.
pub const SECRET_KEY: &str = "vault.account-secret-key";

/// Page, menu, fields and values, a line each. No secret is among them: they are named. A store that the site has no part for is
/// somebody's own.
pub fn set_up(snapshot: &HealthSnapshot, url: Option<&str>) -> Vec<String> {
    let (site, page) = (&snapshot.site, url.unwrap_or("its page"));
    let mut lines = vec![format!("1. Open {page} and log in as root; kerbup passwords vault.password shows the password.")];
    lines.extend(if snapshot.components.iter().any(|c| c.name == STORE) {
        [
            "2. Add a storage provider of the kind MinIO (menu: Storage Providers, as far as is known):".to_string(),
            format!("   name {PROVIDER}, bucket {BUCKET}, region na, hostname {ENDPOINT}, SSL off,"),
            format!("   access key {STORE_USER}, secret key: kerbup passwords {STORE_PASSWORD}. Verify, then Add."),
        ]
    } else {
        [
            "2. Add your own video store as a storage provider (menu: Storage Providers, as far as is known):".to_string(),
            format!("   name {PROVIDER}, which the recorders ask for; the rest as services.object_storage has it in the site file,"),
            format!("   and kerbup passwords {OWN_KEY}, kerbup passwords {OWN_SECRET}. Verify, then Add."),
        ]
    });
    lines.extend([
        "3. Add an account (menu: Accounts, as far as is known):".into(),
        format!("   directory {site}, provider {PROVIDER}, access key: kerbup passwords {ACCESS_KEY},"),
        format!("   secret key: kerbup passwords {SECRET_KEY}, enabled."),
    ]);
    lines
}
