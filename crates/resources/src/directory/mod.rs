//! Resources in a service directory: the layout of the APIOps extractor.
//!
//! Folders with a space in their name may also be written as ARM writes the collection (`namedValues`,
//! `policyFragments`, `versionSets` or `apiVersionSets`). JSON files may be YAML. Of the layout of early extractors
//! `products/<name>/apis.json` and `apiVersionSetInformation.json` are read too.

mod api;
mod folder;
mod product;

use std::path::Path;

use sekisho_diagnostics::closest;

use crate::model::{Configuration, Spanned};
use crate::reading::Reading;
use crate::sections::{self, Beside, EARLY_VERSION_SET_INFORMATION, EXTRACTED_SCHEMA_INFORMATION, Section};
use crate::value::Node;
use folder::Folder;

/// Folders of the extractor whose resources are not used.
const NOT_READ: [&str; 10] = [
    "api releases",
    "documentations",
    "gateways",
    "groups",
    "policy restrictions",
    "releases",
    "tags",
    "users",
    "wikis",
    "workspaces",
];

/// Reads a service directory.
pub(crate) fn read(root: &Path, configuration: &mut Configuration, reading: &mut Reading<'_>) {
    let Some(mut folder) = Folder::open(root, reading) else { return };
    configuration.policy = folder.policy(reading);
    for section in Section::ALL {
        let second = match section {
            Section::VersionSets => "apiVersionSets",
            Section::Schemas => "global schemas",
            _ => "",
        };
        for name in [section.folder(), section.key(), second] {
            if let Some(path) = folder.take_folder(name) {
                read_section(section, &path, configuration, reading);
            }
        }
    }
    report_strangers(folder, reading);
}

/// True when a directory has the look of a service directory.
pub(crate) fn looks_like_service(root: &Path) -> bool {
    let has_section = Section::ALL
        .iter()
        .any(|section| root.join(section.folder()).is_dir() || root.join(section.key()).is_dir());
    has_section || root.join("policy.xml").is_file()
}

fn read_section(section: Section, path: &Path, configuration: &mut Configuration, reading: &mut Reading<'_>) {
    let Some(mut collection) = Folder::open(path, reading) else { return };
    for (name, path) in collection.take_folders() {
        let Some(mut folder) = Folder::open(&path, reading) else { continue };
        let beside = match section {
            Section::Apis => Beside { api: api::parts(&mut folder, reading), ..Beside::default() },
            Section::Products => product::beside(&mut folder, reading),
            Section::PolicyFragments => {
                let mut beside = Beside::default();
                beside.api.policy = folder.policy(reading);
                beside
            }
            _ => Beside::default(),
        };
        let node = information(section, &name, &mut folder, reading);
        match node {
            Some(node) => {
                let name = Spanned::new(name, node.span.head());
                sections::add(section, name, &node, beside, configuration, reading);
            }
            None => {
                reading.broken.insert((section.key(), name));
            }
        }
        folder.report_rest(reading);
    }
    collection.report_rest(reading);
}

/// The properties of a resource. A fragment may do without.
fn information(section: Section, name: &str, folder: &mut Folder, reading: &mut Reading<'_>) -> Option<Node> {
    if let Some(read) = folder.document(section.information(), reading) {
        return read;
    }
    if section == Section::VersionSets
        && let Some(read) = folder.document(EARLY_VERSION_SET_INFORMATION, reading)
    {
        return read;
    }
    if section == Section::Schemas
        && let Some(read) = folder.document(EXTRACTED_SCHEMA_INFORMATION, reading)
    {
        return read;
    }
    if section == Section::PolicyFragments {
        let span = reading.place_of(&folder.path.join("policy.xml"));
        return Some(Node { value: crate::value::Value::Object(Vec::new()), span });
    }
    missing_information(section.information(), name, folder, reading);
    None
}

/// A finding about a folder of a resource without the file of its properties.
fn missing_information(stem: &str, name: &str, folder: &Folder, reading: &mut Reading<'_>) {
    let wanted = format!("{stem}.json");
    let place = reading.place_of(&folder.path);
    let message = format!("the folder of `{name}` has no `{wanted}`");
    let help = match closest(&wanted, folder.file_names()) {
        Some(meant) => format!("rename `{meant}` to `{wanted}`"),
        None => format!("add `{wanted}` with {{\"properties\": {{…}}}}"),
    };
    reading.error("missing-information", place, message, help);
}

/// At the root there may be anything; only names close to a known one are worth a word.
fn report_strangers(folder: Folder, reading: &mut Reading<'_>) {
    for (name, path) in folder.remaining_folders() {
        if NOT_READ.contains(&name.as_str()) {
            let place = reading.place_of(path);
            reading.information("ignored-folder", place, format!("the folder `{name}` is not used"));
            continue;
        }
        let known = Section::ALL.iter().map(|section| section.folder());
        if let Some(meant) = closest(name, known) {
            let place = reading.place_of(path);
            let message = format!("the folder `{name}` is not known");
            reading.warning("unknown-folder", place, message, format!("did you mean `{meant}`?"));
        }
    }
    for (name, path) in folder.remaining_files() {
        if closest(name, ["policy.xml"]).is_some() {
            let place = reading.place_of(path);
            let message = format!("the file `{name}` is not known");
            reading.warning("unknown-file", place, message, "did you mean `policy.xml`?");
        }
    }
}
