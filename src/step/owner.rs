//! Whom a component's files belong to: the user that its image runs as, looked up in the image itself.

use super::{Context, engine_fault};
use crate::model::fault::{Fault, Whose};
use crate::target::workload::{Owner, Workload};
use crate::world::engine::EngineError;

/// Numbers of the user that a component's files belong to; a name is looked up in the image itself.
pub(super) async fn owner(w: &Workload, cx: &Context) -> Result<(u32, u32), Fault> {
    if let Owner::Ids(uid, gid) = w.owner {
        return Ok((uid, gid));
    }
    let image = &w.spec.image;
    let gone = |e: EngineError| engine_fault(e, image);
    let info =
        cx.world.engine.image(image).await.map_err(gone)?.ok_or_else(|| engine_fault(EngineError::NotFound(image.clone()), image))?;
    let (user, group) = info.user.split_once(':').map_or((info.user.as_str(), None), |(u, g)| (u, Some(g)));
    let passwd = match user.parse::<u32>() {
        Ok(_) if group.is_some() => None,
        _ => cx.world.engine.image_file(image, "/etc/passwd").await.map_err(gone)?,
    };
    let groups = match group {
        Some(g) if g.parse::<u32>().is_err() => cx.world.engine.image_file(image, "/etc/group").await.map_err(gone)?,
        _ => None,
    };
    ids(user, group, passwd.as_deref(), groups.as_deref()).ok_or_else(|| {
        Fault::new(Whose::Machine, "IMAGE-USER-UNKNOWN", format!("The image {image} runs as {user}, and does not say who that is."))
            .cure("Use the image that this kerbup names.")
    })
}

/// Looks a user and group up in an image's passwd and group files.
fn ids(user: &str, group: Option<&str>, passwd: Option<&[u8]>, groups: Option<&[u8]>) -> Option<(u32, u32)> {
    if user.is_empty() {
        return Some((0, 0));
    }
    let text = |b: Option<&[u8]>| String::from_utf8_lossy(b.unwrap_or_default()).into_owned();
    let line = text(passwd)
        .lines()
        .map(|l| l.split(':').map(str::to_string).collect::<Vec<_>>())
        .find(|f| f.len() > 3 && (f[0] == user || f[2] == user));
    let uid = user.parse().ok().or_else(|| line.as_ref()?[2].parse().ok())?;
    let gid = match group {
        Some(g) => g
            .parse()
            .ok()
            .or_else(|| text(groups).lines().find_map(|l| l.strip_prefix(&format!("{g}:"))?.split(':').nth(1)?.parse().ok()))?,
        None => line.as_ref().and_then(|l| l[3].parse().ok()).unwrap_or(0),
    };
    Some((uid, gid))
}

#[cfg(test)]
mod tests {
    use super::ids;

    #[test]
    fn an_images_user_is_found_by_name_or_number() {
        let passwd = b"root:x:0:0:root:/root:/bin/sh\nagent:x:999:998::/home/agent:/bin/sh\n";
        let group = b"root:x:0:\nkerberosio:x:997:\n";
        assert_eq!(ids("agent", None, Some(passwd), None), Some((999, 998)));
        assert_eq!(ids("agent", Some("kerberosio"), Some(passwd), Some(group)), Some((999, 997)));
        assert_eq!(ids("1000", Some("1001"), None, None), Some((1000, 1001)));
        assert_eq!(ids("999", None, Some(passwd), None), Some((999, 998)));
        assert_eq!(ids("", None, None, None), Some((0, 0)));
        assert_eq!(ids("nobody", None, Some(passwd), None), None);
    }
}
