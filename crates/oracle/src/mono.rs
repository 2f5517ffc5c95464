//! The answers of .NET: cases become C# files, one for each, which mono compiles and runs in batches.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

use crate::answer::Answer;
use crate::case::Case;
use crate::conversions::{Converted, Direction};

/// Where Debian puts Newtonsoft.Json.
const NEWTONSOFT: &str = "/usr/lib/cli/Newtonsoft.Json-5.0";

/// What policies may write without a namespace. Two names stand in more than one of these.
const USINGS: &str = "using System; using System.Collections.Generic; using System.IO; using System.Linq; \
using System.Net; using System.Security.Cryptography; using System.Security.Cryptography.X509Certificates; \
using System.Text; using System.Text.RegularExpressions; using System.Xml; using System.Xml.Linq; \
using Newtonsoft.Json; using Newtonsoft.Json.Linq; using Formatting = Newtonsoft.Json.Formatting;\n";

/// Seconds that a batch may run.
const LONGEST_RUN: &str = "60";

/// A compiler and a place to work.
pub struct Mono {
    folder: tempfile::TempDir,
}

impl Mono {
    /// Compiles the model of `context`.
    ///
    /// # Errors
    /// When mono or Newtonsoft.Json is missing.
    pub fn new() -> Result<Self> {
        let library = format!("{NEWTONSOFT}/Newtonsoft.Json.dll");
        ensure!(
            Path::new(&library).exists(),
            "{library} is missing: install mono-mcs, mono-runtime and libnewtonsoft-json5.0-cil"
        );
        let mono = Self { folder: tempfile::tempdir()? };
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("csharp");
        let files = ["Context.cs", "Helpers.cs", "Runner.cs"].map(|name| sources.join(name));
        let printed = mono.compile(mono.folder.path(), "Model.dll", &["-target:library"], &files)?;
        ensure!(
            mono.folder.path().join("Model.dll").exists(),
            "the model of `context` does not compile:\n{printed}"
        );
        Ok(mono)
    }

    /// Asks for the answers to a batch, in order.
    ///
    /// # Errors
    /// When mono cannot be started or dies.
    pub fn answers(&self, cases: &[&Case]) -> Result<Vec<Answer>> {
        let folder = tempfile::tempdir_in(self.folder.path())?;
        let contexts = Contexts::write(cases, folder.path())?;
        for (at, case) in cases.iter().enumerate() {
            std::fs::write(folder.path().join(format!("C{at}.cs")), source(at, case)?)?;
        }
        let mut answers: Vec<Option<Answer>> = vec![None; cases.len()];
        loop {
            let open: Vec<usize> =
                (0..cases.len()).filter(|at| answers.get(*at).is_some_and(Option::is_none)).collect();
            if open.is_empty() {
                break;
            }
            let refused = self.build(folder.path(), &open, &contexts)?;
            if refused.is_empty() {
                self.run(folder.path(), &open, &mut answers)?;
                continue;
            }
            for (at, message) in refused {
                if let Some(answer) = answers.get_mut(at) {
                    *answer = Some(Answer::refused(message));
                }
            }
        }
        answers.into_iter().map(|answer| answer.context("mono gave no answer")).collect()
    }

    /// Converts documents with Newtonsoft.Json.
    ///
    /// # Errors
    /// When mono cannot be started or dies.
    pub fn convert(&self, direction: Direction, documents: &[String]) -> Result<Vec<Converted>> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("csharp/Conversions.cs");
        let folder = self.folder.path();
        let printed = self.compile(folder, "Conversions.exe", &[], &[source])?;
        ensure!(folder.join("Conversions.exe").exists(), "the converter does not compile:\n{printed}");
        let lines: Vec<String> = documents.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let (input, output) = (folder.join("documents.jsonl"), folder.join("converted.jsonl"));
        std::fs::write(&input, lines.join("\n") + "\n")?;
        let status = run_mono(&folder.join("Conversions.exe"))
            .arg(direction.result())
            .args([&input, &output])
            .env("MONO_PATH", NEWTONSOFT)
            .status()
            .context("cannot start mono")?;
        ensure!(status.success(), "the converter ended with {status}");
        let text = std::fs::read_to_string(&output)?;
        text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// Compiles the open cases; gives those that the compiler refuses.
    fn build(&self, folder: &Path, open: &[usize], contexts: &Contexts) -> Result<Vec<(usize, String)>> {
        let mut main = String::from(
            "public static class Batch { public static void Main(string[] arguments) { Runner.Run(\n",
        );
        let list = |name: &str, each: &dyn Fn(usize) -> String| {
            let items: Vec<String> = open.iter().map(|at| each(*at)).collect();
            format!("new {name}[] {{ {} }},\n", items.join(", "))
        };
        main.push_str(&list("Case", &|at| format!("C{at}.Run")));
        main.push_str(&list("int", &|at| contexts.of.get(at).copied().unwrap_or(0).to_string()));
        main.push_str("arguments[0], arguments[1]); } }\n");
        std::fs::write(folder.join("Batch.cs"), main)?;
        let mut files: Vec<PathBuf> = open.iter().map(|at| folder.join(format!("C{at}.cs"))).collect();
        files.push(folder.join("Batch.cs"));
        let model = format!("-r:{}", self.folder.path().join("Model.dll").display());
        let _ = std::fs::remove_file(folder.join("Batch.exe"));
        let printed = self.compile(folder, "Batch.exe", &[&model], &files)?;
        if folder.join("Batch.exe").exists() {
            return Ok(Vec::new());
        }
        let mut seen = BTreeSet::new();
        let refused: Vec<(usize, String)> =
            printed.lines().filter_map(error).filter(|(at, _)| seen.insert(*at)).collect();
        ensure!(!refused.is_empty(), "mcs failed for no case:\n{printed}");
        Ok(refused)
    }

    fn run(&self, folder: &Path, open: &[usize], answers: &mut [Option<Answer>]) -> Result<()> {
        let output = folder.join("answers.jsonl");
        let status = run_mono(&folder.join("Batch.exe"))
            .args([folder.join("contexts.jsonl"), output.clone()])
            .env("MONO_PATH", format!("{NEWTONSOFT}:{}", self.folder.path().display()))
            .status()
            .context("cannot start mono")?;
        let text = std::fs::read_to_string(&output).unwrap_or_default();
        let mut lines = text.lines();
        for at in open {
            let Some(place) = answers.get_mut(*at) else { continue };
            let Some(line) = lines.next() else {
                // A stack overflow, or a loop without an end; the others are asked again.
                *place = Some(Answer::thrown("MonoEnded", status.to_string()));
                break;
            };
            *place = Some(serde_json::from_str(line).with_context(|| format!("mono's answer {line}"))?);
        }
        Ok(())
    }

    /// What the compiler printed.
    fn compile(&self, folder: &Path, output: &str, options: &[&str], files: &[PathBuf]) -> Result<String> {
        // Thousands of files do not fit on a command line.
        let mut response = String::new();
        for file in files {
            writeln!(response, "\"{}\"", file.display())?;
        }
        let list = folder.join(format!("{output}.rsp"));
        std::fs::write(&list, response)?;
        let compiler = Command::new("mcs")
            .args([
                "-langversion:7.2",
                "-nologo",
                "-warn:0",
                "-r:System.Core",
                "-r:System.Xml",
                "-r:System.Xml.Linq",
            ])
            .arg(format!("-r:{NEWTONSOFT}/Newtonsoft.Json.dll"))
            .args(options)
            .arg(format!("-out:{}", folder.join(output).display()))
            .arg(format!("@{}", list.display()))
            .env("LANG", "C.UTF-8")
            .output()
            .context("cannot start mcs")?;
        let printed = [compiler.stdout, compiler.stderr].concat();
        Ok(String::from_utf8_lossy(&printed).into_owned())
    }
}

/// A program on mono, with an end, in a language and a time zone that change nothing.
fn run_mono(program: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.args([LONGEST_RUN, "mono"]).arg(program).envs([
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
    ]);
    command
}

/// The contexts of a batch, each written once.
struct Contexts {
    /// The line of each case's context.
    of: Vec<usize>,
}

impl Contexts {
    fn write(cases: &[&Case], folder: &Path) -> Result<Self> {
        let mut written: Vec<Arc<Json>> = Vec::new();
        let mut of = Vec::new();
        for case in cases {
            let known = written.iter().position(|image| Arc::ptr_eq(image, &case.image));
            of.push(known.unwrap_or(written.len()));
            if known.is_none() {
                written.push(Arc::clone(&case.image));
            }
        }
        let lines: Vec<String> = written.iter().map(ToString::to_string).collect();
        std::fs::write(folder.join("contexts.jsonl"), lines.join("\n") + "\n")?;
        Ok(Self { of })
    }
}

/// The C# file of a case. A line directive makes errors name the case whatever it contains.
fn source(at: usize, case: &Case) -> Result<String> {
    let expression = case.expression.trim();
    let inner =
        |open: &str, close: &str| expression.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let body = if let Some(inner) = inner("@(", ")") {
        format!("return (\n{inner}\n);")
    } else if let Some(inner) = inner("@{", "}") {
        inner.to_owned()
    } else {
        // Not closed: what stands there, for the compiler to refuse.
        let rest = expression.strip_prefix("@(").or_else(|| expression.strip_prefix("@{"));
        rest.with_context(|| format!("{} is no expression", case.place()))?.to_owned()
    };
    Ok(format!(
        "{USINGS}public static class C{at} {{ public static object Run(IContext context) {{\n{body}\n}} }}\n"
    ))
}

/// The case and the message of a line such as `…/C17.cs(3,5): error CS0103: …`.
fn error(line: &str) -> Option<(usize, String)> {
    // The compiler dies of some programs that are wrong, and names the place.
    let crash = || line.split_once("InternalErrorException: ").and_then(|(_, rest)| rest.split_once(": "));
    let (place, message) = line.split_once(": error ").or_else(crash)?;
    let file = place.rsplit('/').next()?;
    let number = file.strip_prefix('C')?.split_once(".cs")?.0;
    Some((number.parse().ok()?, message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_their_case() {
        let line = "/tmp/x/C17.cs(3,5): error CS0103: The name `x' does not exist";
        assert_eq!(error(line), Some((17, "CS0103: The name `x' does not exist".to_owned())));
        let crash = "Mono.CSharp.InternalErrorException: /tmp/x/C9.cs(3,46): C9.Run() ---> more";
        assert_eq!(error(crash).map(|(at, _)| at), Some(9));
        assert_eq!(error("/tmp/x/C17.cs(3,5): warning CS0168: never used"), None);
        assert_eq!(error("Compilation failed: 1 error(s), 0 warnings"), None);
    }
}
