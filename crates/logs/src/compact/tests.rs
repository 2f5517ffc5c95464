use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use datafusion::arrow::array::cast::AsArray;
use datafusion::logical_expr::{col, lit};
use sekisho_kql::Catalog;
use sekisho_policy::ports::{Clock, Event, Hold, Metric};
use sekisho_telemetry::Keeper;

use super::*;
use crate::store::tests::{SetClock, call, options};
use crate::{Compatibility, LogStore, Reader};

const PATIENCE: Duration = Duration::from_secs(30);
const HOUR: i64 = 3600 * 10_000_000;

/// Keeps some calls and closes the store.
fn keep(folder: &Path, options: &Options, numbers: std::ops::Range<u8>) {
    let (store, threads) = LogStore::open(folder, options.clone()).unwrap();
    numbers.for_each(|number| store.keep_call(&call(number), &Hold::default()));
    store.keep_event(&Event::ConfigurationLoaded);
    store.keep_metric(&Metric {
        namespace: None,
        values: vec![("tokens".into(), 7.0)],
        dimensions: vec![("team".into(), "a".into())],
        insights_logger: None,
    });
    assert!(threads.finish(PATIENCE));
}

/// The numbers of the calls that queries see, sorted.
fn seen(folder: &Path) -> Vec<String> {
    texts(folder, "calls", "url").into_iter().map(|url| url.rsplit('/').next().unwrap().to_owned()).collect()
}

fn texts(folder: &Path, table: &str, column: &str) -> Vec<String> {
    let reader = Reader::open(folder, Compatibility::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let rows = reader.context().unwrap().read_table(reader.table(table).unwrap()).unwrap();
        let rows = rows.select(vec![col(column)]).unwrap();
        let batches = rows.sort(vec![col(column).sort(true, true)]).unwrap().collect().await.unwrap();
        let values = |batch: &datafusion::arrow::array::RecordBatch| {
            batch.column(0).as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
        };
        batches.iter().flat_map(values).collect()
    })
}

fn work(folder: &Path, options: &Options) -> Work {
    let layout = Layout::make(folder).unwrap();
    let current = Arc::new(Current::default());
    current.set(layout.next_number().unwrap());
    Work { layout, options: options.clone(), current, copier: None }
}

fn numbers(folder: &Path, table: Table) -> Vec<(u64, u64)> {
    let files = Layout::of(folder).files(table).unwrap();
    files.iter().map(|file| (file.first, file.last)).collect()
}

#[test]
fn segments_become_files_of_all_tables() {
    let (folder, options) = (tempfile::tempdir().unwrap(), options().0);
    keep(folder.path(), &options, 0..5);
    assert!(segments::numbers(&folder.path().join("segments")).unwrap().is_empty());
    for table in [Table::Calls, Table::Metrics, Table::Events] {
        assert_eq!(numbers(folder.path(), table), [(1, 1)], "{table:?}");
    }
    assert_eq!(seen(folder.path()), ["0", "1", "2", "3", "4"]);
    assert_eq!(texts(folder.path(), "metrics", "dimensions"), [r#"{"team":"a"}"#]);
    assert_eq!(texts(folder.path(), "events", "name"), ["configuration-loaded"]);
}

#[test]
fn a_crash_between_file_and_segment_leaves_nothing_twice() {
    let (folder, options) = (tempfile::tempdir().unwrap(), options().0);
    let path = segments::path(&folder.path().join("segments"), 1);
    let (store, threads) = LogStore::open(folder.path(), options.clone()).unwrap();
    store.keep_call(&call(1), &Hold::default());
    let end = Instant::now() + PATIENCE;
    while options.counters.written.get() < 1 {
        assert!(Instant::now() < end);
        std::thread::yield_now();
    }
    let segment = fs::read(&path).unwrap();
    assert_eq!(seen(folder.path()), ["1"]);
    assert!(threads.finish(PATIENCE));
    fs::write(&path, &segment).unwrap();
    assert_eq!(seen(folder.path()), ["1"]);
    keep(folder.path(), &options, 2..3);
    assert!(!path.exists());
    assert_eq!(seen(folder.path()), ["1", "2"]);
}

#[test]
fn files_of_tables_without_their_calls_do_not_count() {
    let (folder, options) = (tempfile::tempdir().unwrap(), options().0);
    keep(folder.path(), &options, 0..1);
    let layout = Layout::of(folder.path());
    let calls = layout.files(Table::Calls).unwrap().remove(0).path;
    fs::remove_file(calls).unwrap();
    fs::write(segments::path(&layout.segments(), 1), crate::store::segment::header(0)).unwrap();
    assert_eq!(texts(folder.path(), "metrics", "name"), Vec::<String>::new());
}

#[test]
fn the_files_of_an_hour_that_is_over_become_one() {
    let folder = tempfile::tempdir().unwrap();
    let (options, clock) = options();
    for number in 0..3 {
        keep(folder.path(), &options, number..number + 1);
    }
    clock.0.fetch_add(HOUR, Ordering::Relaxed);
    keep(folder.path(), &options, 3..4);
    let mut work = work(folder.path(), &options);
    assert!(work.step());
    assert_eq!(numbers(folder.path(), Table::Calls), [(1, 3), (4, 4)]);
    assert_eq!(seen(folder.path()), ["0", "1", "2", "3"]);
    assert_eq!(texts(folder.path(), "metrics", "name").len(), 4);
    assert_eq!(work.layout.left_over(Table::Calls).unwrap().len(), 3);
    let merged = work.layout.files(Table::Calls).unwrap().remove(0).path;
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(600);
    fs::File::options().write(true).open(merged).unwrap().set_modified(long_ago).unwrap();
    assert!(work.step());
    assert_eq!(work.layout.left_over(Table::Calls).unwrap(), []);
    assert_eq!(seen(folder.path()), ["0", "1", "2", "3"]);
}

fn aged(clock: &SetClock, folder: &Path, options: &Options) {
    for number in 0..4 {
        keep(folder, options, number..number + 1);
        clock.0.fetch_add(HOUR, Ordering::Relaxed);
    }
}

#[test]
fn what_is_too_old_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut options, clock) = options();
    options.retention.age = Duration::from_secs(3 * 3600);
    aged(&clock, folder.path(), &options);
    assert!(work(folder.path(), &options).step());
    assert_eq!(seen(folder.path()), ["1", "2", "3"]);
    assert_eq!(texts(folder.path(), "events", "name").len(), 3);
    clock.0.fetch_add(100 * HOUR, Ordering::Relaxed);
    assert!(work(folder.path(), &options).step());
    assert_eq!(seen(folder.path()), Vec::<String>::new());
    assert_eq!(fs::read_dir(folder.path().join("tables/calls")).unwrap().count(), 0);
}

#[test]
fn the_oldest_are_removed_while_all_are_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let (mut options, clock) = options();
    aged(&clock, folder.path(), &options);
    let layout = Layout::of(folder.path());
    let bytes = |table| layout.files(table).unwrap().iter().map(|file| file.bytes).sum::<u64>();
    options.retention.bytes = Table::ALL.map(bytes).iter().sum::<u64>() - 1;
    assert!(work(folder.path(), &options).step());
    assert_eq!(numbers(folder.path(), Table::Calls).len(), 4);
    options.retention.bytes /= 2;
    assert!(work(folder.path(), &options).step());
    let left = seen(folder.path());
    assert!(left.len() < 4 && left.last().is_some_and(|last| last == "3"), "{left:?}");
}

#[test]
fn queries_choose_hours_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let (options, clock) = options();
    aged(&clock, folder.path(), &options);
    let reader = Reader::open(folder.path(), Compatibility::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let now = crate::tables::column::microseconds(clock.utc_ticks());
    let plan = runtime.block_on(async {
        let context = reader.context().unwrap();
        let rows = context.read_table(reader.table("ApiManagementGatewayLogs").unwrap()).unwrap();
        let from = datafusion::common::ScalarValue::TimestampMicrosecond(
            Some(now - 3_000_000_000),
            Some("UTC".into()),
        );
        let rows = rows.filter(datafusion::prelude::ident("TimeGenerated").gt_eq(lit(from))).unwrap();
        let plan = rows.create_physical_plan().await.unwrap();
        datafusion::physical_plan::displayable(plan.as_ref()).indent(true).to_string()
    });
    assert_eq!(plan.matches(".parquet").count(), 1, "{plan}");
}

#[test]
fn merged_files_are_copied_once() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (options, clock) = options();
    for number in 0..2 {
        keep(folder.path(), &options, number..number + 1);
    }
    let address = url::Url::from_directory_path(to.path()).unwrap();
    let target = Target::new(address.as_str(), &TargetSettings::default(), "gateway-1").unwrap();
    let mut work = work(folder.path(), &options);
    work.copier = Some(Copier::new(target.clone(), work.layout.clone(), options.counters.clone()).unwrap());
    assert!(work.step());
    assert_eq!(options.counters.copied.get(), 0);
    clock.0.fetch_add(HOUR, Ordering::Relaxed);
    assert!(work.step());
    let file = work.layout.files(Table::Calls).unwrap().remove(0);
    assert_eq!((file.first, file.last), (1, 2));
    let copy = to.path().join("gateway-1").join(file.path.strip_prefix(folder.path()).unwrap());
    assert_eq!(fs::read(copy).unwrap(), fs::read(&file.path).unwrap());
    assert_eq!(options.counters.copied.get(), 3);
    work.copier = Some(Copier::new(target, work.layout.clone(), options.counters.clone()).unwrap());
    assert!(work.step());
    assert_eq!(options.counters.copied.get(), 3);
}
