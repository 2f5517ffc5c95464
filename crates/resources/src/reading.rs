//! What the loaders share: sources, findings, the environment, files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, FileId, Severity, Span};

use crate::environment;
use crate::model::{Origins, PolicyDocument, PolicyFormat};
use crate::value::{Node, mapped_text};

/// The largest file that is read, in bytes.
const MAXIMUM_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// The largest secret file that is read, in bytes.
const MAXIMUM_SECRET_BYTES: u64 = 64 * 1024;

/// The state of one load.
pub(crate) struct Reading<'e> {
    pub(crate) sources: sekisho_diagnostics::SourceMap,
    pub(crate) findings: Vec<Diagnostic>,
    /// Files and folders that were read.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) origins: Origins,
    /// Resources that are there but could not be read: a reference to one has no finding of its own.
    pub(crate) broken: BTreeSet<(&'static str, String)>,
    environment: &'e dyn Fn(&str) -> Option<String>,
}

impl<'e> Reading<'e> {
    pub(crate) fn new(environment: &'e dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            sources: sekisho_diagnostics::SourceMap::new(),
            findings: Vec::new(),
            files: Vec::new(),
            origins: Origins::default(),
            broken: BTreeSet::new(),
            environment,
        }
    }

    pub(crate) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings.push(Diagnostic::error(code, span, message).with_help(help));
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings.push(Diagnostic::warning(code, span, message).with_help(help));
    }

    pub(crate) fn information(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        let message = message.into();
        self.findings.push(Diagnostic { code, severity: Severity::Information, span, message, help: None });
    }

    /// A place for findings about a file or folder as such: an empty file of its name in the source map.
    pub(crate) fn place_of(&mut self, path: &Path) -> Span {
        let file = self.sources.add(path.to_string_lossy(), "");
        Span::new(file, 0, 0)
    }

    /// Reads a file into the source map. `from` is the place of its name; `None` for a file found by itself.
    pub(crate) fn read_file(&mut self, path: &Path, from: Option<Span>) -> Option<FileId> {
        self.files.push(path.to_path_buf());
        match read_limited(path, MAXIMUM_FILE_BYTES) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                Some(self.sources.add(path.to_string_lossy(), text))
            }
            Err(reason) => {
                self.unreadable(path, from, &reason);
                None
            }
        }
    }

    /// Reads a secret out of a file; the line end at its end does not count. It gets no place in the source map.
    pub(crate) fn read_secret(&mut self, path: &Path, from: Span) -> Option<String> {
        self.files.push(path.to_path_buf());
        match read_limited(path, MAXIMUM_SECRET_BYTES) {
            Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(reason) => {
                self.unreadable(path, Some(from), &reason);
                None
            }
        }
    }

    fn unreadable(&mut self, path: &Path, from: Option<Span>, reason: &str) {
        let span = from.unwrap_or_else(|| self.place_of(path));
        let message = format!("`{}` cannot be read: {reason}", path.display());
        self.error("unreadable-file", span, message, "check the path and its permissions");
    }

    /// A path as written in the file of `span`: relative to that file.
    pub(crate) fn beside(&self, span: Span, path: &str) -> PathBuf {
        let outer = Path::new(self.sources.path(span.file));
        outer.parent().unwrap_or_else(|| Path::new("")).join(path)
    }

    /// Puts the environment into `${NAME}` and `${NAME:-default}`.
    pub(crate) fn expand_environment(&mut self, text: &str, span: Span) -> Option<String> {
        match environment::expand(text, self.environment) {
            Ok(expanded) => Some(expanded),
            Err(missing) => {
                let place = self.inside(span, &missing.reference);
                let message = format!("environment variable `{}` is not set", missing.name);
                let help = format!("set it, or give a default: `${{{}:-default}}`", missing.name);
                self.error("unset-environment-variable", place, message, help);
                None
            }
        }
    }

    /// The place of a name at the end of an id under `span`; all of `span` when it is not there as written.
    pub(crate) fn name_inside(&self, span: Span, name: &str) -> Span {
        match self.sources.slice(span).rfind(name) {
            Some(at) => {
                let start = span.start as usize + at;
                Span::new(span.file, start, start + name.len())
            }
            None => span,
        }
    }

    /// The place of `part` in the source under `span`; all of `span` when it is not there as written.
    pub(crate) fn inside(&self, span: Span, part: &str) -> Span {
        match self.sources.slice(span).find(part) {
            Some(at) => {
                let start = span.start as usize + at;
                Span::new(span.file, start, start + part.len())
            }
            None => span,
        }
    }

    /// A text inside a file as a file of its own, with the way back noted.
    pub(crate) fn inner_file(&mut self, node: &Node, text: &str) -> FileId {
        let path = self.sources.path(node.span.file).to_owned();
        let mapped = mapped_text(text, node.span, &self.sources);
        let file = self.sources.add(path, text);
        self.origins.insert(file, Arc::new(mapped));
        file
    }

    /// A policy document written inside a file.
    pub(crate) fn inner_policy(&mut self, node: &Node, text: &str, format: PolicyFormat) -> PolicyDocument {
        PolicyDocument { file: self.inner_file(node, text), format }
    }
}

fn read_limited(path: &Path, limit: u64) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.to_string().to_lowercase())?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string().to_lowercase())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {limit} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}
