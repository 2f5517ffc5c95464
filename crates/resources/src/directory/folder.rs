//! One folder: what is in it and what was not asked for yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sekisho_diagnostics::{FileId, closest};

use super::NOT_READ;
use crate::model::{PolicyDocument, PolicyFormat};
use crate::reading::Reading;
use crate::value::{self, Node};

/// The most entries a folder may have.
const MAXIMUM_ENTRIES: usize = 20_000;

/// The extensions of files of properties, in the order of preference.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// The entries of a folder that were not taken yet, and the names that were asked for.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    files: BTreeMap<String, PathBuf>,
    folders: BTreeMap<String, PathBuf>,
    known: Vec<String>,
}

impl Folder {
    /// Lists a folder. Names that start with a dot and Markdown files are left out.
    pub(super) fn open(path: &Path, reading: &mut Reading<'_>) -> Option<Self> {
        reading.files.push(path.to_path_buf());
        let mut folder = Self {
            path: path.to_path_buf(),
            files: BTreeMap::new(),
            folders: BTreeMap::new(),
            known: Vec::new(),
        };
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                let place = reading.place_of(path);
                let message =
                    format!("`{}` cannot be read: {}", path.display(), error.to_string().to_lowercase());
                reading.error("unreadable-file", place, message, "check the path and its permissions");
                return None;
            }
        };
        for entry in entries.flatten().take(MAXIMUM_ENTRIES) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name.to_ascii_lowercase().ends_with(".md") {
                continue;
            }
            let path = entry.path();
            let kind = if path.is_dir() { &mut folder.folders } else { &mut folder.files };
            kind.insert(name, path);
        }
        Some(folder)
    }

    /// Takes the folder of this name.
    pub(super) fn take_folder(&mut self, name: &str) -> Option<PathBuf> {
        self.known.push(name.to_owned());
        self.folders.remove(name)
    }

    /// Takes all folders, in the order of their names.
    pub(super) fn take_folders(&mut self) -> BTreeMap<String, PathBuf> {
        std::mem::take(&mut self.folders)
    }

    /// Takes and reads a file of this name.
    pub(super) fn file(&mut self, name: &str, reading: &mut Reading<'_>) -> Option<FileId> {
        self.known.push(name.to_owned());
        let path = self.files.remove(name)?;
        reading.read_file(&path, None)
    }

    /// Takes and reads `policy.xml`.
    pub(super) fn policy(&mut self, reading: &mut Reading<'_>) -> Option<PolicyDocument> {
        let file = self.file("policy.xml", reading)?;
        Some(PolicyDocument { file, format: PolicyFormat::RawXml })
    }

    /// Takes and reads the JSON or YAML file of this name. `Some(None)` when it is there but cannot be read.
    pub(super) fn document(&mut self, stem: &str, reading: &mut Reading<'_>) -> Option<Option<Node>> {
        let names: Vec<String> = EXTENSIONS.iter().map(|extension| format!("{stem}.{extension}")).collect();
        let present: Vec<&String> = names.iter().filter(|name| self.files.contains_key(*name)).collect();
        let chosen = present.first().map(|name| (*name).clone());
        if let Some(second) = present.get(1).and_then(|name| self.files.remove(*name)) {
            let place = reading.place_of(&second);
            let message = format!("`{stem}` is there twice, with two extensions");
            reading.error("duplicate-file", place, message, "keep one of the two files");
        }
        self.known.extend(names);
        let path = self.files.remove(&chosen?)?;
        let file = reading.read_file(&path, None);
        Some(file.and_then(|file| value::parse(file, reading)))
    }

    /// Names without extension of the JSON and YAML files that were not taken.
    pub(super) fn stems(&self) -> Vec<String> {
        let stem = |name: &String| {
            let (stem, extension) = name.rsplit_once('.')?;
            EXTENSIONS.contains(&extension).then(|| stem.to_owned())
        };
        self.files.keys().filter_map(stem).collect()
    }

    /// Names of the files that were not taken.
    pub(super) fn file_names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Files that were not taken.
    pub(super) fn remaining_files(&self) -> &BTreeMap<String, PathBuf> {
        &self.files
    }

    /// Folders that were not taken.
    pub(super) fn remaining_folders(&self) -> &BTreeMap<String, PathBuf> {
        &self.folders
    }

    /// Reports everything that was not taken, and not read because a property names it: nothing of it has an effect.
    pub(super) fn report_rest(self, reading: &mut Reading<'_>) {
        let entries = self.files.iter().map(|entry| (entry, "file"));
        for ((name, path), kind) in entries.chain(self.folders.iter().map(|entry| (entry, "folder"))) {
            if reading.files.contains(path) {
                continue;
            }
            let place = reading.place_of(path);
            // Early extractors wrote some collections as one file.
            if NOT_READ.contains(&name.strip_suffix(".json").unwrap_or(name)) {
                let code = if kind == "file" { "ignored-file" } else { "ignored-folder" };
                reading.information(code, place, format!("the {kind} `{name}` is not used"));
                continue;
            }
            let message = format!("the {kind} `{name}` is not known here and has no effect");
            let help =
                match closest(name, self.known.iter().map(String::as_str).filter(|name| !name.is_empty())) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("remove the {kind}, or move it elsewhere"),
                };
            let code = if kind == "file" { "unknown-file" } else { "unknown-folder" };
            reading.warning(code, place, message, help);
        }
    }
}
