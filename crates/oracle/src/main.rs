//! `oracle`: runs expressions here and on mono, and prints what differs.
//!
//! - `oracle cases [FAMILY…]` the files of `conformance/expressions/` (all, or the named ones)
//! - `oracle cases --record [FAMILY…]` the same, and keeps mono's answers in `answers/`; answers under `mono: no` are kept
//!   as they are, and a missing one is filled with ours for review
//! - `oracle conversions [--record]` the documents of `conformance/conversions/`, XML to JSON and back
//! - `oracle generated [--seed N] [--count N]` random well-typed expressions
//!
//! Exit code 1 when something differs without an explanation.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};
use sekisho_oracle::answer::Answer;
use sekisho_oracle::case::{self, Case};
use sekisho_oracle::compare::Outcome;
use sekisho_oracle::difference::Differences;
use sekisho_oracle::mono::Mono;
use sekisho_oracle::record::{self, Record};
use sekisho_oracle::{conversions, generate, ours};

/// Compares expressions with .NET.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The cases in conformance/expressions.
    Cases {
        /// Keep mono's answers.
        #[arg(long)]
        record: bool,
        /// Files without their ending; all when none is named.
        families: Vec<String>,
    },
    /// The documents in conformance/conversions.
    Conversions {
        /// Keep mono's answers.
        #[arg(long)]
        record: bool,
    },
    /// Random well-typed expressions.
    Generated {
        /// The same seed makes the same expressions.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many.
        #[arg(long, default_value_t = 20_000)]
        count: usize,
    },
}

/// Cases that are compiled together: mono's compiler takes time for each start, and memory for each case.
const BATCH: usize = 1000;

fn main() -> Result<ExitCode> {
    let outcome = match Arguments::parse().what {
        What::Cases { record, families } => cases(record, &families)?,
        What::Conversions { record } => return converted(record),
        What::Generated { seed, count } => generated(seed, count)?,
    };
    anstream::print!("{}", outcome.report());
    anstream::println!("{outcome}");
    Ok(if outcome.unexplained.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cases(keep: bool, families: &[String]) -> Result<Outcome> {
    let folder = case::folder();
    let mut cases = case::read_folder(&folder)?;
    let known: BTreeSet<&str> = cases.iter().map(|case| &*case.family).collect();
    for family in families {
        ensure!(known.contains(family.as_str()), "there is no {family}.txt in {}", folder.display());
    }
    cases.retain(|case| families.is_empty() || families.iter().any(|family| **family == *case.family));
    let differences = Differences::read(&folder)?;
    let record = Record::read(&folder)?;
    let asked: Vec<&Case> = cases.iter().filter(|case| case.asks_mono).collect();
    let mut of_mono = ask(&asked)?.into_iter();
    let mut outcome = Outcome::default();
    let mut answers = Vec::new();
    for case in &cases {
        let answer = match case.asks_mono {
            true => of_mono.next(),
            false => record.of(case).cloned(),
        };
        let answer = answer.unwrap_or_else(|| if keep { ours::answer(case) } else { unrecorded() });
        outcome.add(case, &answer, &differences);
        answers.push(answer);
    }
    if keep {
        let families: BTreeSet<&str> = cases.iter().map(|case| &*case.family).collect();
        for family in families {
            let pairs = cases.iter().zip(&answers).filter(|(case, _)| *case.family == *family);
            record::write(&folder, family, &pairs.collect::<Vec<_>>())?;
        }
    }
    Ok(outcome)
}

fn converted(keep: bool) -> Result<ExitCode> {
    let mono = Mono::new()?;
    let mut differ = 0;
    for direction in conversions::Direction::ALL {
        let documents = conversions::documents(direction)?;
        let answers = mono.convert(direction, &documents)?;
        if keep {
            conversions::record(direction, &answers)?;
        }
        let wrong = conversions::compare(direction, &answers)?;
        for found in &wrong {
            anstream::println!("{found}");
        }
        anstream::println!("{}: {} documents, {} differ", direction.name(), documents.len(), wrong.len());
        differ += wrong.len();
    }
    Ok(if differ == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn unrecorded() -> Answer {
    Answer::thrown("NotRecorded", "run `oracle cases --record` and review the answer")
}

fn generated(seed: u64, count: usize) -> Result<Outcome> {
    let cases = generate::cases(seed, count)?;
    let differences = Differences::default();
    let mut outcome = Outcome::default();
    let asked: Vec<&Case> = cases.iter().collect();
    for (case, answer) in cases.iter().zip(ask(&asked)?) {
        outcome.add(case, &answer, &differences);
    }
    Ok(outcome)
}

/// Two batches at a time: the compiler uses one core.
fn ask(cases: &[&Case]) -> Result<Vec<Answer>> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let mono = Mono::new()?;
    let batches: Vec<&[&Case]> = cases.chunks(BATCH).collect();
    let mut answers = Vec::new();
    for pair in batches.chunks(2) {
        let found: Vec<Result<Vec<Answer>>> = std::thread::scope(|scope| {
            let running: Vec<_> = pair.iter().map(|batch| scope.spawn(|| mono.answers(batch))).collect();
            running
                .into_iter()
                .map(|one| one.join().unwrap_or_else(|_| anyhow::bail!("a batch panicked")))
                .collect()
        });
        for batch in found {
            answers.extend(batch?);
        }
    }
    Ok(answers)
}
