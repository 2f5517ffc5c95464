//! The folder of an API.

use std::path::Path;

use super::folder::Folder;
use crate::model::Spanned;
use crate::read::{self, ApiParts, OperationParts, ToolParts};
use crate::reading::Reading;
use crate::sections::Section;

/// Specifications that the extractor writes and that are not read.
const OTHER_SPECIFICATIONS: [&str; 3] = ["specification.graphql", "specification.wsdl", "specification.wadl"];

/// The file of properties of a tool, without extension.
const TOOL_INFORMATION: &str = "toolInformation";

/// Reads what stands beside `apiInformation.json`.
pub(super) fn parts(folder: &mut Folder, reading: &mut Reading<'_>) -> ApiParts {
    let mut parts = ApiParts {
        specification: folder.document("specification", reading).flatten(),
        policy: folder.policy(reading),
        ..ApiParts::default()
    };
    for name in OTHER_SPECIFICATIONS {
        if let Some(file) = folder.file(name, reading) {
            let span = reading.sources.whole(file).head();
            let message = format!("`{name}` is not read");
            let help = "save the API as `specification.yaml` in OpenAPI, or give its operations folders";
            reading.warning("unsupported-specification", span, message, help);
        }
    }
    if let Some(path) = folder.take_folder("operations") {
        parts.operations = operations(&path, reading);
    }
    if let Some(path) = folder.take_folder("tools") {
        parts.tools = tools(&path, reading);
    }
    if let Some(path) = folder.take_folder("diagnostics") {
        diagnostics(&path, &mut parts, reading);
    }
    if let Some(path) = folder.take_folder("schemas") {
        schemas(&path, &mut parts, reading);
    }
    parts
}

fn operations(path: &Path, reading: &mut Reading<'_>) -> Vec<OperationParts> {
    let Some(mut collection) = Folder::open(path, reading) else { return Vec::new() };
    let mut out = Vec::new();
    for (name, path) in collection.take_folders() {
        let Some(mut folder) = Folder::open(&path, reading) else { continue };
        let policy = folder.policy(reading);
        let node = folder.document("operationInformation", reading).flatten();
        folder.report_rest(reading);
        let span = match (&node, policy) {
            (Some(node), _) => node.span.head(),
            (None, Some(policy)) => reading.sources.whole(policy.file).head(),
            (None, None) => reading.place_of(&path),
        };
        out.push(OperationParts { name: Spanned::new(name, span), node, policy });
    }
    collection.report_rest(reading);
    out
}

/// Tools of an MCP server: a folder for each.
fn tools(path: &Path, reading: &mut Reading<'_>) -> Vec<ToolParts> {
    let Some(mut collection) = Folder::open(path, reading) else { return Vec::new() };
    let mut out = Vec::new();
    for (name, path) in collection.take_folders() {
        let Some(mut folder) = Folder::open(&path, reading) else { continue };
        match folder.document(TOOL_INFORMATION, reading) {
            Some(node) => out.extend(node.map(|node| (Spanned::new(name, node.span.head()), node))),
            None => super::missing_information(TOOL_INFORMATION, &name, &folder, reading),
        }
        folder.report_rest(reading);
    }
    collection.report_rest(reading);
    out
}

/// Schemas of the API: a folder for each, or a file with its properties.
fn schemas(path: &Path, parts: &mut ApiParts, reading: &mut Reading<'_>) {
    let Some(mut collection) = Folder::open(path, reading) else { return };
    for (name, path) in collection.take_folders() {
        let Some(mut folder) = Folder::open(&path, reading) else { continue };
        let node = super::information(Section::Schemas, &name, &mut folder, reading);
        folder.report_rest(reading);
        if let Some(schema) = node.and_then(|node| read::schema(&node, reading)) {
            parts.schemas.insert(name, schema);
        }
    }
    for stem in collection.stems() {
        let node = collection.document(&stem, reading).flatten();
        if let Some(schema) = node.and_then(|node| read::schema(&node, reading)) {
            parts.schemas.insert(stem, schema);
        }
    }
    collection.report_rest(reading);
}

fn diagnostics(path: &Path, parts: &mut ApiParts, reading: &mut Reading<'_>) {
    let Some(mut collection) = Folder::open(path, reading) else { return };
    for (name, path) in collection.take_folders() {
        let Some(mut folder) = Folder::open(&path, reading) else { continue };
        let node = super::information(Section::Diagnostics, &name, &mut folder, reading);
        folder.report_rest(reading);
        let Some(node) = node else { continue };
        let spanned = Spanned::new(name.clone(), node.span.head());
        if let Some(settings) = read::diagnostic(spanned, &node, reading) {
            parts.diagnostics.insert(name, settings);
        }
    }
    collection.report_rest(reading);
}
