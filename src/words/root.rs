//! On the way to root.

/// Before sudo asks.
pub fn asks(installs: bool) -> String {
    let what = if installs { "Installing" } else { "This" };
    format!("{what} needs root, so sudo may ask for your password now: the one you log in with here.")
}

/// On the first screen of a user, where root installed: `shop-12`.
pub fn installed(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{} was installed by root. See it with: sudo kerbup", names.join(", ")))
}

/// Before it begins again as root.
pub const LOOKS_AGAIN: &str = "I look at this machine once more, now as root. It takes a few seconds.";
/// There is no sudo.
pub const NO_SUDO: &str = "Installing needs root, and there is no sudo here.";
/// sudo did not start.
pub const NEEDED: &str = "Installing needs root.";
/// sudo said no, or was left.
pub const REFUSED: &str = "sudo did not let kerbup go on as root. Nothing was changed.";
/// What to do then.
pub const BECOME_ROOT: &str = "Start kerbup from an account that may use sudo, or become root first: su - and then kerbup";

/// What was agreed to is not what would be done now.
pub fn plan_differs(steps: &[String]) -> String {
    let named = steps.iter().take(3).map(|s| format!("\"{s}\"")).collect::<Vec<_>>().join(", ");
    let more = if steps.len() > 3 { format!(" and {} more", steps.len() - 3) } else { String::new() };
    format!("As root I see more, and the plan has changed: {named}{more}. Please look at it once more.")
}
