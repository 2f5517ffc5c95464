//! What the verbs that read the logs share.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sekisho_logs::{Compatibility, Queries, Reader};

use crate::cli;

/// The folder of the logs in a data directory.
pub(crate) const LOGS: &str = "logs";

/// Reads the logs that the options name.
pub(crate) fn queries(options: &cli::LogOptions) -> Result<Queries> {
    let directory = directory(options);
    let reader = Reader::open(&directory, Compatibility::default())
        .with_context(|| format!("cannot read the logs in {}", directory.display()))?;
    Ok(Queries::new(reader))
}

fn directory(options: &cli::LogOptions) -> PathBuf {
    options.data.as_deref().unwrap_or(Path::new(".sekisho")).join(LOGS)
}

/// A table for people.
pub(crate) fn table(names: &[&str], rows: &[Vec<String>]) -> String {
    use comfy_table::{ContentArrangement, Table, presets};
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(names);
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}

/// Comma-separated values with a line of names.
pub(crate) fn write_csv(out: &mut impl Write, names: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(names)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush()?;
    Ok(())
}
