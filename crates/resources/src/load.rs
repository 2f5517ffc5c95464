//! The loaders.

use std::path::{Path, PathBuf};

use sekisho_diagnostics::{Diagnostic, FileId, SourceMap, closest, has_errors, render};

use crate::fields::{Fields, Unknown, quoted, text_of};
use crate::model::Configuration;
use crate::process::{self, Process};
use crate::reading::Reading;
use crate::sections::Section;
use crate::value::{self, Value};
use crate::{check, directory, document};

/// Names of the process file that are looked for in a directory.
const PROCESS_FILES: [&str; 2] = ["sekisho.yaml", "sekisho.yml"];

/// What was read. With errors among the diagnostics the configuration holds what could be read and must not be
/// served.
#[derive(Debug)]
pub struct Loaded {
    /// The resources.
    pub configuration: Configuration,
    /// The settings of the process; defaults for a service directory without `sekisho.yaml`.
    pub process: Process,
    /// The texts that spans point into.
    pub sources: SourceMap,
    /// All findings, ordered by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Files and folders whose change calls for another load.
    pub files: Vec<PathBuf>,
}

impl Loaded {
    /// True when the configuration must not be served.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.diagnostics)
    }
}

/// Loads whatever is at `path`: a directory with `sekisho.yaml`, a service directory, or a YAML file.
///
/// `env` gives the environment variables for `${NAME}` in values. Nothing is refused at the first mistake: all
/// findings come together. Blocks on the file system.
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Loaded {
    if !path.is_dir() {
        return load_yaml(path, env);
    }
    let file = PROCESS_FILES.iter().map(|name| path.join(name)).find(|file| file.is_file());
    match file {
        Some(file) => load_yaml(&file, env),
        None => load_directory(path, env),
    }
}

/// Loads a service directory. See [`load`].
pub fn load_directory(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let mut reading = Reading::new(env);
    let mut configuration = Configuration::default();
    read_directory(path, &mut configuration, &mut reading);
    finish(configuration, Process::default(), reading)
}

/// Loads a YAML (or JSON) file: process settings, and resources that it holds or names. See [`load`].
///
/// Resources are in `resources`: an object of sections, or the path of a service directory or of a YAML file with
/// sections. Without `resources` the sections may stand at the top; without these either, the folder of the file is
/// the service directory when it looks like one.
pub fn load_yaml(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let mut reading = Reading::new(env);
    let mut configuration = Configuration::default();
    let file = reading.read_file(path, None);
    let process = file.and_then(|file| read_yaml(file, path, &mut configuration, &mut reading));
    finish(configuration, process.unwrap_or_default(), reading)
}

/// Loads the text of a YAML file as [`load_yaml`] would; paths in it are relative to `path`, which need not exist.
pub fn load_text(path: &Path, text: &str, env: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let mut reading = Reading::new(env);
    let mut configuration = Configuration::default();
    let file = reading.sources.add(path.to_string_lossy(), text);
    let process = read_yaml(file, path, &mut configuration, &mut reading);
    finish(configuration, process.unwrap_or_default(), reading)
}

fn finish(mut configuration: Configuration, process: Process, mut reading: Reading<'_>) -> Loaded {
    check::check(&configuration, &mut reading);
    configuration.origins = reading.origins;
    configuration.origins.relocate(&mut reading.findings);
    render::sort(&mut reading.findings, &reading.sources);
    Loaded {
        configuration,
        process,
        sources: reading.sources,
        diagnostics: reading.findings,
        files: reading.files,
    }
}

fn read_directory(path: &Path, configuration: &mut Configuration, reading: &mut Reading<'_>) {
    directory::read(path, configuration, reading);
    let is_empty = configuration.apis.is_empty() && configuration.policy.is_none();
    if is_empty && !directory::looks_like_service(path) && !has_errors(&reading.findings) {
        let place = reading.place_of(path);
        let folders = quoted(Section::ALL.iter().map(|section| section.folder()));
        let message = format!("`{}` is not a service directory", path.display());
        reading.error("empty-configuration", place, message, format!("it needs folders such as {folders}"));
    }
}

fn read_yaml(
    file: FileId,
    path: &Path,
    configuration: &mut Configuration,
    reading: &mut Reading<'_>,
) -> Option<Process> {
    let root = value::parse(file, reading)?;
    if matches!(root.value, Value::Null) {
        let place = reading.sources.whole(file).head();
        let help = "add `resources`, or sections such as `apis` and `backends`";
        reading.error("empty-configuration", place, "the file holds no configuration", help);
        return None;
    }
    let mut fields = Fields::of(&root, "configuration", reading)?;
    let process = process::read(&mut fields, path, reading);
    match fields.node("resources") {
        Some(node) if node.text().is_some() => {
            if let Some(place) = text_of(node, "resources", reading) {
                let target = reading.beside(node.span, &place.value);
                named_resources(&target, node, configuration, reading);
            }
        }
        Some(node) => {
            if let Some(mut resources) = Fields::of(node, "resources", reading) {
                document::read(&mut resources, configuration, reading);
                resources.finish(Unknown::Refused, reading);
            }
        }
        None => {
            let sections =
                || Section::ALL.iter().map(|section| section.key()).chain(["policy", "policyFile"]);
            let folder = path.parent().unwrap_or(path);
            // A bare file name has the empty path as its parent, which cannot be listed.
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            match Some(folder).filter(|_| !sections().any(|key| root.get(key).is_some())) {
                Some(folder) if directory::looks_like_service(folder) => {
                    read_directory(folder, configuration, reading);
                    fields.also_known(&["apis", "backends"]);
                }
                _ => document::read(&mut fields, configuration, reading),
            }
        }
    }
    fields.finish(Unknown::Refused, reading);
    Some(process)
}

/// Reads the directory or file that `resources` names.
fn named_resources(
    target: &Path,
    node: &value::Node,
    configuration: &mut Configuration,
    reading: &mut Reading<'_>,
) {
    if target.is_dir() {
        return read_directory(target, configuration, reading);
    }
    if !target.exists() {
        let message = format!("`{}` does not exist", target.display());
        let names = siblings(target);
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let help = match closest(&name, names.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "name a service directory or a YAML file, relative to this file".to_owned(),
        };
        return reading.error("unreadable-file", node.span, message, help);
    }
    let Some(file) = reading.read_file(target, Some(node.span)) else { return };
    let Some(root) = value::parse(file, reading) else { return };
    let Some(mut fields) = Fields::of(&root, "resources", reading) else { return };
    document::read(&mut fields, configuration, reading);
    fields.finish(Unknown::Refused, reading);
}

fn siblings(path: &Path) -> Vec<String> {
    let Some(entries) = path.parent().and_then(|parent| std::fs::read_dir(parent).ok()) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
