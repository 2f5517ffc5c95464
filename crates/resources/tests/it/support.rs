//! Small configurations in temporary folders.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop at the first thing that fails")]

use std::path::Path;

use sekisho_resources::{Loaded, load};
use tempfile::TempDir;

/// A temporary folder with the given files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The environment of the tests.
pub(crate) fn environment(name: &str) -> Option<String> {
    match name {
        "BACKEND_HOST" => Some("models.example.org".to_owned()),
        "TEAM_KEY" => Some("key-of-the-team".to_owned()),
        _ => None,
    }
}

/// Loads what is at a path.
pub(crate) fn load_path(path: &Path) -> Loaded {
    load(path, &environment)
}

/// Loads a single YAML file.
pub(crate) fn load_text(text: &str) -> (TempDir, Loaded) {
    let folder = folder(&[("sekisho.yaml", text)]);
    let loaded = load_path(folder.path());
    (folder, loaded)
}

/// Each finding as `file:line:column code`, the file relative to the folder.
pub(crate) fn places(folder: &TempDir, loaded: &Loaded) -> Vec<String> {
    let root = folder.path().to_string_lossy().into_owned();
    let place = |finding: &sekisho_diagnostics::Diagnostic| {
        let at = loaded.sources.locate(finding.span);
        let file = at.file.strip_prefix(&root).unwrap_or(&at.file).trim_start_matches('/').to_owned();
        format!("{file}:{}:{} {}", at.line, at.column, finding.code)
    };
    loaded.diagnostics.iter().map(place).collect()
}

/// Fails with the findings unless there are none.
pub(crate) fn assert_clean(loaded: &Loaded) {
    let text = sekisho_diagnostics::render::text(&loaded.diagnostics, &loaded.sources, false);
    assert!(loaded.diagnostics.is_empty(), "{text}");
}
