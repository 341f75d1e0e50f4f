//! Faults of the fronts themselves, and how any fault is said in lines.

use super::figures::count;
use crate::model::fault::{Fault, Whose};

/// The input ended where an answer was needed.
pub fn no_answer(key: &str, prompt: &str) -> Fault {
    Fault::new(Whose::Input, "ANSWER-MISSING", format!("An answer is missing: {} ({key}).", prompt.trim_end_matches([':', '?', ' '])))
        .because("The input ended before it came.")
        .cure("Run kerbup on a terminal, or give the answers in a file: kerbup install --answers FILE --yes.")
}

/// The folder of a site that stands was to be another one.
pub fn folder_kept(site: &str, old: &str, new: &str) -> Fault {
    Fault::new(Whose::Input, "FOLDER-KEPT", format!("The recordings of {site} lie in {old}: kerbup cannot move them to {new} yet."))
        .because("Nothing was changed. What is recorded there would be out of sight, and the site would wait for a disk that is not missing.")
        .cure(format!("Leave storage.path as it is: {old}"))
        .cure(format!("To begin anew in {new}: kerbup uninstall --site {site}, which keeps {old} with all recordings, then install with the new folder."))
        .cure(format!("To take the recordings along, move the folder in between: sudo mv {old} {new}"))
}

/// A registry of one's own does not have images that the answers come to.
pub fn images_missing(registry: &str, names: &[&str]) -> Fault {
    let fault = Fault::new(Whose::Network, "IMAGE-NOT-THERE", format!("{registry} lacks {} of this site.", count(names.len(), "image")));
    names
        .iter()
        .fold(fault, |fault, name| fault.because(format!("{name} is not there.")))
        .cure("Copy them there, under these very names, and try again: docker pull, docker tag, docker push.")
        .cure("Or leave images.registry out: then each image comes from its makers' registry.")
}

/// The events ended before the end was told.
pub fn run_lost() -> Fault {
    Fault::new(Whose::Ours, "RUN-LOST", "The run ended without saying how.")
        .cure("Start kerbup again: it looks at what is done and goes on from there.")
}

/// A task of the program ended as it must not.
pub fn broke_off(why: &str, go_on: &str) -> Fault {
    Fault::new(Whose::Ours, "BROKE-OFF", "kerbup broke off.").because(why).cure(go_on)
}

/// There is nothing that a plan could be made of.
pub fn no_recipes() -> Fault {
    Fault::new(Whose::Ours, "RECIPES-MISSING", "There is no recipe for any part, so there is nothing to install.")
        .cure("Leave --recipes out to use kerbup's own recipes. Where that does not help, this program is damaged: fetch it anew.")
}

/// Lines for people: what is wrong, where, why, what to do.
pub fn lines(fault: &Fault) -> Vec<String> {
    let mut all = vec![format!("Error: {} [{}]", fault.says, fault.code)];
    if let Some(p) = &fault.place {
        all.push(format!("  Where: {}, line {}, column {}.", p.file, p.line, p.column));
    }
    all.extend(fault.because.iter().map(|b| format!("  Because: {b}")));
    all.extend(fault.cure.iter().map(|c| format!("  What to do: {c}")));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_where_why_and_what_to_do() {
        let fault = no_answer("storage.path", "Folder for recordings?").at("site.toml", 4, 3);
        let text = lines(&fault).join("\n");
        assert!(text.starts_with(
            "Error: An answer is missing: Folder for recordings (storage.path). [ANSWER-MISSING]\n  Where: site.toml, line 4"
        ));
        assert!(text.contains("  Because: ") && text.contains("  What to do: "));
    }
}
