//! `sekisho check`.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use sekisho_diagnostics::{Diagnostic, Severity, SourceMap, has_errors, render};
use sekisho_policy::compile::{Compiler, Environment};
use sekisho_policy::pipeline::Scope;

use crate::cli;
use crate::server;

/// The largest file that is read, in bytes; a policy document may have 512 KiB.
const MAX_DOCUMENT: u64 = 16 * 1024 * 1024;

/// Codes of findings about things that another configuration may have.
const UNRESOLVED: [&str; 5] = [
    "unknown-named-value",
    "named-value-without-value",
    "unknown-backend",
    "unknown-fragment",
    "unknown-logger",
];

/// What was found below one path.
struct Findings {
    diagnostics: Vec<Diagnostic>,
    sources: SourceMap,
}

/// Checks each path and prints all findings.
pub(crate) async fn run(arguments: cli::Check) -> Result<ExitCode> {
    let mut found = Vec::new();
    for path in &arguments.paths {
        let is_document = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml"));
        found.push(match is_document {
            true => document(path, arguments.allow_unresolved)?,
            false => configuration(path, arguments.allow_unresolved).await?,
        });
    }
    let groups: Vec<render::Group<'_>> =
        found.iter().map(|findings| (findings.diagnostics.as_slice(), &findings.sources)).collect();
    match arguments.format {
        cli::Format::Json => anstream::println!("{}", render::json(&groups)),
        cli::Format::Sarif => anstream::println!("{}", render::sarif(&groups, env!("CARGO_PKG_VERSION"))),
        cli::Format::Text => print_text(&groups),
    }
    let failed = found.iter().any(|findings| has_errors(&findings.diagnostics));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print_text(groups: &[render::Group<'_>]) {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut errors = 0;
    let mut warnings = 0;
    for (diagnostics, sources) in groups {
        anstream::print!("{}", render::text(diagnostics, sources, colour));
        errors += diagnostics.iter().filter(|finding| finding.severity == Severity::Error).count();
        warnings += diagnostics.iter().filter(|finding| finding.severity == Severity::Warning).count();
    }
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    anstream::println!("{}, {}", plural(errors, "error"), plural(warnings, "warning"));
}

/// Checks a service directory or a YAML file.
async fn configuration(path: &Path, allow_unresolved: bool) -> Result<Findings> {
    let environment: server::Environment = Arc::new(super::environment);
    let mut loaded = sekisho_resources::load(path, &*environment);
    loaded.diagnostics.extend(server::findings(&loaded, &environment).await?);
    for finding in loaded.diagnostics.iter_mut().filter(|finding| UNRESOLVED.contains(&finding.code)) {
        if allow_unresolved {
            finding.severity = Severity::Warning;
        }
    }
    render::sort(&mut loaded.diagnostics, &loaded.sources);
    Ok(Findings { diagnostics: loaded.diagnostics, sources: loaded.sources })
}

/// Checks a single policy document or fragment on its own.
fn document(path: &Path, allow_unresolved: bool) -> Result<Findings> {
    let length = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    anyhow::ensure!(length <= MAX_DOCUMENT, "{} is larger than {MAX_DOCUMENT} bytes", path.display());
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
    let mut sources = SourceMap::new();
    let file = sources.add(path.display().to_string(), text);
    let environment = Environment { allow_unresolved, ..Environment::default() };
    let mut compiler = Compiler::new(&environment, &sources);
    compiler.lone_document(sources.text(file), file, Scope::Api);
    let mut diagnostics = compiler.into_diagnostics();
    render::sort(&mut diagnostics, &sources);
    Ok(Findings { diagnostics, sources })
}
