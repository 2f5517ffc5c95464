use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use parking_lot::Mutex;
use sekisho_policy::ports::{self, Clock, Hold, PortFuture};

use super::disk::SegmentFile;
use super::segment::{End, Reader};
use super::*;
use crate::record::read::ReadCall;
use crate::record::tests::payload;

const PATIENCE: Duration = Duration::from_secs(30);

/// A clock that stands still until it is set.
#[derive(Default)]
pub(crate) struct SetClock(pub(crate) AtomicI64);

impl Clock for SetClock {
    fn utc_ticks(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _duration: Duration) -> PortFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

pub(crate) fn options() -> (Options, Arc<SetClock>) {
    let clock = Arc::new(SetClock(AtomicI64::new(639_000_000_000_000_000)));
    (Options::new(Arc::clone(&clock) as _), clock)
}

pub(crate) fn call(number: u8) -> Arc<CallRecord> {
    Arc::new(CallRecord {
        request_id: [number; 16],
        timestamp_ticks: 639_000_000_000_000_000 + i64::from(number) * 10_000_000,
        url: format!("https://gateway.example/{number}"),
        status: 200,
        ..CallRecord::default()
    })
}

/// Of so many calls, and an event behind them.
fn directory_of(calls: u8) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let current = Arc::new(Current::default());
    current.set(1);
    let (disk, options) = (Directory(folder.path().to_owned()), options().0);
    let counters = options.counters.clone();
    let (store, threads) = LogStore::start(Box::new(disk), options, current, None).unwrap();
    (0..calls).for_each(|number| store.keep_call(&call(number), &Hold::default()));
    // Nothing promises that it would be written behind the calls.
    until(|| counters.written.get() == u64::from(calls));
    store.keep_event(&Event::ConfigurationLoaded);
    assert!(threads.finish(PATIENCE));
    folder
}

/// Numbers of the calls in a segment, and how reading it ended.
fn calls(path: &Path) -> (Vec<u8>, Option<End>) {
    let mut reader = Reader::new(Arc::new(fs::File::open(path).unwrap())).unwrap();
    let mut calls = Vec::new();
    while let Some(frames) = reader.next_frames().unwrap() {
        let read = frames.into_iter().filter_map(ReadCall::parse);
        calls.extend(read.map(|call| call.call.request_id[0]));
    }
    (calls, reader.end())
}

#[test]
fn what_was_kept_is_read_again() {
    let folder = directory_of(5);
    assert_eq!(calls(&segment::path(folder.path(), 1)), (vec![0, 1, 2, 3, 4], Some(End::Whole)));
    assert_eq!(segment::numbers(folder.path()).unwrap(), [1]);
}

#[test]
fn calls_that_wait_for_others_are_there_at_the_end() {
    for kept in [1, 8, 11] {
        let (options, disk) = (options().0, Full::default());
        let counters = options.counters.clone();
        let (store, threads) = LogStore::start(Box::new(disk), options, Arc::default(), None).unwrap();
        (0..kept).for_each(|number| store.keep_call(&call(number), &Hold::default()));
        assert!(threads.finish(PATIENCE));
        store.keep_call(&call(kept), &Hold::default());
        assert_eq!((counters.written.get(), counters.dropped_closed.get()), (kept.into(), 1));
    }
}

#[test]
fn frames_of_all_sizes_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let current = Arc::new(Current::default());
    current.set(1);
    let disk = Directory(folder.path().to_owned());
    let (store, threads) = LogStore::start(Box::new(disk), options().0, current, None).unwrap();
    // Less and more than is read at once, so that frames lie across its ends.
    let sizes = [10, 200_000, 100_000, 900_000, 1, 1_048_000, 3_000_000, 90_000, 0, 180_000, 5];
    let body = |number: usize, size| vec![b'a' + u8::try_from(number).unwrap(); size];
    for (number, size) in sizes.into_iter().enumerate() {
        let response = ports::Message { body: Some(payload(&[&body(number, size)])), ..Default::default() };
        let record = CallRecord { response, ..(*call(u8::try_from(number).unwrap())).clone() };
        store.keep_call(&Arc::new(record), &Hold::default());
    }
    assert!(threads.finish(PATIENCE));
    let path = segment::path(folder.path(), 1);
    let mut reader = Reader::new(Arc::new(fs::File::open(path).unwrap())).unwrap();
    // Frames of small and of large calls are made apart.
    let mut found = BTreeMap::new();
    while let Some(frames) = reader.next_frames().unwrap() {
        for frame in frames {
            let call = ReadCall::parse(frame).unwrap();
            let number = usize::from(call.call.request_id[0]);
            found.insert(number, call.body(1).unwrap_or_default().as_bytes().to_vec());
        }
    }
    let kept: BTreeMap<_, _> =
        sizes.into_iter().enumerate().map(|(number, size)| (number, body(number, size))).collect();
    assert!(found == kept, "{:?}", found.iter().map(|(number, body)| (number, body.len())));
    assert_eq!(reader.end(), Some(End::Whole));
}

#[test]
fn a_segment_that_is_cut_anywhere_gives_all_whole_frames() {
    let folder = directory_of(3);
    let path = segment::path(folder.path(), 1);
    let whole = fs::read(&path).unwrap();
    let mut ends = Vec::new();
    let mut at = segment::HEADER;
    while at < whole.len() {
        at += 8 + u32::from_le_bytes(whole[at..at + 4].try_into().unwrap()) as usize;
        ends.push(at);
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let frames = ends.iter().filter(|end| **end <= length).count();
        let is_between = length == segment::HEADER || ends.contains(&length);
        let end = if is_between { End::Whole } else { End::Torn };
        let expected: Vec<u8> = (0..3).take(frames).collect();
        assert_eq!(calls(&path), (expected, Some(end)), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn damaged_bytes_end_a_segment_without_a_panic() {
    let folder = directory_of(3);
    let path = segment::path(folder.path(), 1);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        fs::write(&path, &damaged).unwrap();
        let (calls, end) = calls(&path);
        assert_eq!(calls, (0..3).take(calls.len()).collect::<Vec<u8>>(), "byte {at}");
        assert_ne!(end, Some(End::Whole), "byte {at}");
    }
}

/// A disk that refuses while it is full.
#[derive(Clone, Default)]
struct Full {
    is_full: Arc<AtomicBool>,
    written: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Disk for Full {
    fn create(&self, _number: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.written.lock().push(Vec::new());
        Ok(Box::new(self.clone()))
    }
}

impl SegmentFile for Full {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let is_full = self.is_full.load(Ordering::Relaxed);
        let kept = if is_full { bytes.len() / 2 } else { bytes.len() };
        self.written.lock().last_mut().unwrap().extend_from_slice(&bytes[..kept]);
        if is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.written.lock().last_mut().unwrap().truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn handle(&self) -> Option<Arc<fs::File>> {
        None
    }
}

fn until(what: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !what() {
        assert!(Instant::now() < end, "it does not come about");
        std::thread::yield_now();
    }
}

#[test]
fn a_full_disk_drops_and_goes_on_when_there_is_room() {
    let (options, disk) = (options().0, Full::default());
    let counters = options.counters.clone();
    let (store, threads) = LogStore::start(Box::new(disk.clone()), options, Arc::default(), None).unwrap();
    store.keep_call(&call(1), &Hold::default());
    until(|| counters.written.get() == 1);
    disk.is_full.store(true, Ordering::Relaxed);
    store.keep_call(&call(2), &Hold::default());
    until(|| counters.dropped_disk.get() == 1);
    disk.is_full.store(false, Ordering::Relaxed);
    store.keep_call(&call(3), &Hold::default());
    assert!(threads.finish(PATIENCE));
    assert_eq!((counters.written.get(), counters.dropped_disk.get()), (2, 1));
    let written = disk.written.lock();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("segment");
    fs::write(&path, &written[0]).unwrap();
    assert_eq!(calls(&path), (vec![1, 3], Some(End::Whole)));
    store.keep_call(&call(4), &Hold::default());
    assert_eq!(counters.dropped_closed.get(), 1);
}

#[test]
fn segments_end_when_they_are_full_and_at_the_turn_of_an_hour() {
    let (mut options, clock) = options();
    options.segment_bytes = 400;
    let counters = options.counters.clone();
    let folder = tempfile::tempdir().unwrap();
    let current = Arc::new(Current::default());
    let disk = Directory(folder.path().to_owned());
    let (store, threads) = LogStore::start(Box::new(disk), options, Arc::clone(&current), None).unwrap();
    let mut sent = 0;
    let mut send = || {
        store.keep_call(&call(sent), &Hold::default());
        sent += 1;
        until(|| counters.written.get() == u64::from(sent));
    };
    send();
    clock.0.fetch_add(3600 * 10_000_000, Ordering::Relaxed);
    send();
    (0..8).for_each(|_| send());
    let last = current.number();
    assert!(last >= 3, "{last}");
    assert!(threads.finish(PATIENCE));
    let all = segment::numbers(folder.path()).unwrap();
    let read: Vec<u8> =
        all.iter().flat_map(|number| calls(&segment::path(folder.path(), *number)).0).collect();
    assert_eq!(read, (0..10).collect::<Vec<u8>>());
    assert_eq!(calls(&segment::path(folder.path(), all[0])).0, [0]);
}
