//! Contexts of the kubeconfig: names and servers. Credentials in the file are passed over, never kept.

use serde::Deserialize;

use crate::model::fact::Fact;
use crate::model::host::KubeContext;
use crate::world::files::Files;

use super::{network, read, user};

/// Looks at the files that kubectl would use.
pub(crate) fn look(files: &dyn Files) -> Fact<Vec<KubeContext>> {
    let (paths, asked_for) = match files.variable("KUBECONFIG").filter(|v| !v.is_empty()) {
        Some(list) => (list.split(':').filter(|p| !p.is_empty()).map(String::from).collect(), true),
        None => match user::home(files) {
            Some(home) => (vec![format!("{home}/.kube/config")], false),
            None => return Fact::unknown("this user has no home folder to look for a kubeconfig in"),
        },
    };
    let mut merged = Config::default();
    for path in &paths {
        match read::text(files, path) {
            Ok(text) => match parse(&text) {
                Some(config) => merged.add(config),
                None => return Fact::unknown(format!("{path} is no kubeconfig that kerbup can read")),
            },
            // kubectl passes over files that are not there; one that may not be read is worth saying.
            Err(why) if read::there(files, path) => return Fact::unknown(why),
            Err(_) => {}
        }
    }
    let how = if asked_for { format!("KUBECONFIG, {}", paths.join(", ")) } else { paths.join(", ") };
    Fact::known(merged.contexts(), how)
}

/// The part of a kubeconfig that is looked at. `users`, where the credentials are, is not among it.
#[derive(Debug, Default, Deserialize)]
struct Config {
    #[serde(rename = "current-context", default)]
    current: Option<String>,
    #[serde(default)]
    contexts: Option<Vec<NamedContext>>,
    #[serde(default)]
    clusters: Option<Vec<NamedCluster>>,
}

#[derive(Debug, Deserialize)]
struct NamedContext {
    name: String,
    #[serde(default)]
    context: Option<Context>,
}

#[derive(Debug, Deserialize)]
struct Context {
    #[serde(default)]
    cluster: Option<String>,
}

#[derive(Debug, Deserialize)]
struct NamedCluster {
    name: String,
    #[serde(default)]
    cluster: Option<Cluster>,
}

#[derive(Debug, Deserialize)]
struct Cluster {
    #[serde(default)]
    server: Option<String>,
}

impl Config {
    /// Merges as kubectl does: what an earlier file says stays.
    fn add(&mut self, later: Config) {
        self.current = self.current.take().filter(|c| !c.is_empty()).or(later.current);
        let contexts = self.contexts.get_or_insert_default();
        for context in later.contexts.unwrap_or_default() {
            if !contexts.iter().any(|c| c.name == context.name) {
                contexts.push(context);
            }
        }
        let clusters = self.clusters.get_or_insert_default();
        for cluster in later.clusters.unwrap_or_default() {
            if !clusters.iter().any(|c| c.name == cluster.name) {
                clusters.push(cluster);
            }
        }
    }

    fn contexts(self) -> Vec<KubeContext> {
        let clusters = self.clusters.unwrap_or_default();
        let server = |cluster: &str| {
            clusters.iter().find(|c| c.name == cluster).and_then(|c| c.cluster.as_ref()?.server.as_deref()).map(network::without_login)
        };
        let one = |named: NamedContext| {
            let cluster = named.context.and_then(|c| c.cluster).unwrap_or_default();
            let server = server(&cluster);
            KubeContext {
                provider: provider(server.as_deref().unwrap_or_default(), &cluster).map(Into::into),
                current: self.current.as_deref() == Some(named.name.as_str()),
                name: named.name,
                server,
            }
        };
        self.contexts.unwrap_or_default().into_iter().map(one).collect()
    }
}

/// None where the text is no kubeconfig. An empty file is an empty one.
fn parse(text: &str) -> Option<Config> {
    if text.trim().is_empty() {
        return Some(Config::default());
    }
    serde_saphyr::from_str(text).ok()
}

/// The managed cloud, by the form of the server's name; Google's servers are bare addresses, its clusters are named `gke_PROJECT_ZONE_NAME`.
fn provider(server: &str, cluster: &str) -> Option<&'static str> {
    let host = server.split("://").last().unwrap_or_default().split([':', '/']).next().unwrap_or_default();
    if host.ends_with(".eks.amazonaws.com") || host.ends_with(".eks.amazonaws.com.cn") || cluster.starts_with("arn:aws:eks:") {
        Some("eks")
    } else if host.ends_with(".azmk8s.io") || host.ends_with(".cx.prod.service.azk8s.cn") {
        Some("aks")
    } else if host.ends_with(".gke.goog") || cluster.starts_with("gke_") {
        Some("gke")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    const FIRST: &str = "apiVersion: v1
kind: Config
current-context: shop
clusters:
- name: shop
  cluster: {server: 'https://ABC.gr7.eu-west-1.eks.amazonaws.com', certificate-authority-data: QUJD}
contexts:
- name: shop
  context: {cluster: shop, user: me, namespace: default}
users:
- name: me
  user: {token: geheim}
";
    const SECOND: &str = "contexts:\n- {name: shop, context: {cluster: other}}\n- {name: gke_p_z_c, context: {cluster: gke_p_z_c}}\n- {name: lab, context: {cluster: lab}}\nclusters:\n- {name: gke_p_z_c, cluster: {server: 'https://203.0.113.9'}}\n- {name: lab, cluster: {server: 'https://u:p@127.0.0.1:6443'}}\ncurrent-context: lab\n";

    #[test]
    fn files_are_merged_as_kubectl_does_and_hold_no_credentials() {
        let host = Described::new().variable("KUBECONFIG", "/a:/missing:/b").file("/a", FIRST).file("/b", SECOND);
        let fact = look(&host);
        let contexts = fact.get().unwrap();
        assert_eq!(
            contexts.iter().map(|c| (c.name.as_str(), c.current, c.provider.as_deref())).collect::<Vec<_>>(),
            [("shop", true, Some("eks")), ("gke_p_z_c", false, Some("gke")), ("lab", false, None)]
        );
        assert_eq!(contexts[2].server.as_deref(), Some("https://127.0.0.1:6443"));
        let written = format!("{fact:?}");
        assert!(!written.contains("geheim") && !written.contains("QUJD"));
    }

    #[test]
    fn none_broken_and_refused() {
        assert_eq!(look(&Described::new().variable("HOME", "/home/pi")).get().map(Vec::len), Some(0));
        assert!(look(&Described::new().variable("KUBECONFIG", "/a").file("/a", "contexts: 3\n")).how().contains("no kubeconfig"));
        assert!(look(&Described::new()).how().contains("no home folder"));
        assert_eq!(provider("https://x.hcp.westeurope.azmk8s.io:443", "c"), Some("aks"));
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(contexts:|clusters:|- name: |\\{|\\}|\\[|&a|\\*a|\n|  |.){0,40}") {
            let _ = parse(&text).map(Config::contexts);
        }
    }
}
