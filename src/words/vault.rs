//! What to enter in Vault's own page until kerbup does it: where to store, and who may. What each field is called is known from
//! its maker's deployment guide; the words of its menu are not, and are said to be a guess.

/// Title of the list.
pub const TITLE: &str = "What to enter, once";

/// Where Vault finds the video store on the stack's own network.
pub const ENDPOINT: &str = "minio:9000";
/// The bucket that kerbup made.
pub const BUCKET: &str = "recordings";
/// User of the video store.
pub const STORE_USER: &str = "kerberos";
/// Secret with the video store's password.
pub const STORE_PASSWORD: &str = "minio.password";
/// Name of the storage provider: the recorders ask for this one.
pub const PROVIDER: &str = "minio";
/// Secret with the account's access key, which the recorders have.
pub const ACCESS_KEY: &str = "vault.account-access-key";
/// Secret with the account's secret key.
pub const SECRET_KEY: &str = "vault.account-secret-key";

/// Page, menu, fields and values, a line each. No secret is among them: they are named.
pub fn set_up(site: &str, url: Option<&str>) -> Vec<String> {
    let page = url.unwrap_or("its page");
    vec![
        format!("1. Open {page} and log in as root; kerbup passwords vault.password shows the password."),
        "2. Add a storage provider of the kind MinIO (menu: Storage Providers, as far as is known):".into(),
        format!("   name {PROVIDER}, bucket {BUCKET}, region na, hostname {ENDPOINT}, SSL off,"),
        format!("   access key {STORE_USER}, secret key: kerbup passwords {STORE_PASSWORD}. Verify, then Add."),
        "3. Add an account (menu: Accounts, as far as is known):".into(),
        format!("   directory {site}, provider {PROVIDER}, access key: kerbup passwords {ACCESS_KEY},"),
        format!("   secret key: kerbup passwords {SECRET_KEY}, enabled."),
    ]
}
