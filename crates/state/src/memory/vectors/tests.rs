use proptest::prelude::*;
use sekisho_policy::ports::vectors::PRECISION;
use sekisho_testkit::ports::{FakeClock, FakeRecorder};

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const ROOMY: MemoryBounds = MemoryBounds { entries: 1000, bytes: 1024 * 1024 };

struct Bench {
    clock: Arc<FakeClock>,
    recorder: Arc<FakeRecorder>,
    vectors: MemoryVectors,
}

impl Bench {
    fn new(bounds: MemoryBounds) -> Self {
        let (clock, recorder) = (Arc::new(FakeClock::default()), Arc::new(FakeRecorder::default()));
        let vectors = MemoryVectors::new(Arc::clone(&clock) as _, bounds, Arc::clone(&recorder) as _);
        Self { clock, recorder, vectors }
    }

    async fn put(&self, partition: &str, numbers: &[f32], value: &str) {
        self.vectors.put(partition, &vector(numbers), Bytes::copy_from_slice(value.as_bytes()), MINUTE).await;
    }

    async fn nearest(&self, partition: &str, numbers: &[f32], within: f32) -> Option<(f32, Option<String>)> {
        let found = self.vectors.nearest(partition, &vector(numbers), within).await?;
        let value = found.value.map(|value| String::from_utf8(value.to_vec()).unwrap());
        Some((found.distance, value))
    }
}

fn vector(numbers: &[f32]) -> Vector {
    Vector::new(numbers).unwrap()
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[tokio::test]
async fn the_nearest_of_the_partition_is_found() {
    let bench = Bench::new(ROOMY);
    bench.put("a", &[1.0, 0.0], "east").await;
    bench.put("a", &[0.0, 1.0], "north").await;
    bench.put("b", &[1.0, 0.1], "other").await;
    assert_eq!(bench.nearest("a", &[2.0, 0.0], 0.0).await, Some((0.0, text("east"))));
    let (distance, value) = bench.nearest("a", &[0.6, 0.8], 0.25).await.unwrap();
    assert!((distance - 0.2).abs() < 1e-6);
    assert_eq!(value, text("north"));
    // Too far away: the distance is told, the value is not.
    assert_eq!(bench.nearest("a", &[0.6, 0.8], 0.1).await.unwrap().1, None);
    assert_eq!(bench.nearest("c", &[1.0, 0.0], 2.0).await, None);
    assert_eq!(bench.nearest("a", &[1.0, 0.0, 0.0], 2.0).await, None, "another model");
}

#[tokio::test]
async fn what_is_over_is_not_found_and_goes() {
    let bench = Bench::new(ROOMY);
    bench.put("a", &[1.0, 0.0], "old").await;
    bench.clock.advance(MINUTE);
    assert_eq!(bench.nearest("a", &[1.0, 0.0], 1.0).await, None);
    for number in 0..10_u8 {
        bench.put("a", &[f32::from(number), 1.0], "new").await;
    }
    let shard = bench.vectors.shard("a").read();
    assert_eq!(shard.entries, 10);
}

#[tokio::test]
async fn the_same_vector_has_one_value() {
    let bench = Bench::new(ROOMY);
    bench.put("a", &[1.0, 2.0], "first").await;
    bench.put("a", &[2.0, 4.0], "second").await;
    assert_eq!(bench.nearest("a", &[1.0, 2.0], PRECISION).await.unwrap().1, text("second"));
    assert_eq!(bench.vectors.shard("a").read().entries, 1);
    bench.vectors.put("a", &vector(&[1.0, 2.0]), Bytes::new(), Duration::ZERO).await;
    assert_eq!(bench.nearest("a", &[1.0, 2.0], PRECISION).await, None);
}

#[tokio::test]
async fn another_model_starts_the_partition_anew() {
    let bench = Bench::new(ROOMY);
    bench.put("a", &[1.0, 2.0], "two").await;
    bench.put("a", &[1.0, 2.0, 3.0], "three").await;
    assert_eq!(bench.nearest("a", &[1.0, 2.0], 2.0).await, None);
    assert_eq!(bench.nearest("a", &[1.0, 2.0, 3.0], PRECISION).await.unwrap().1, text("three"));
}

#[tokio::test]
async fn at_the_bound_the_least_recently_used_go_and_are_counted() {
    let bench = Bench::new(MemoryBounds { entries: 32, bytes: 1024 * 1024 });
    for number in 0..32_u8 {
        bench.put("a", &[f32::from(number), 1.0], "kept").await;
    }
    assert!(bench.nearest("a", &[0.0, 1.0], PRECISION).await.unwrap().1.is_some());
    bench.put("b", &[1.0, 1.0], "new").await;
    assert!(bench.nearest("b", &[1.0, 1.0], PRECISION).await.unwrap().1.is_some());
    // The first was used again, the second was not.
    assert_eq!(bench.nearest("a", &[0.0, 1.0], PRECISION).await.unwrap().1, text("kept"));
    assert_eq!(bench.nearest("a", &[1.0, 1.0], PRECISION).await.unwrap().1, None);
    let events = bench.recorder.events.lock();
    let entries = bench.vectors.shards.iter().map(|shard| shard.read().entries).sum::<usize>();
    assert_eq!(entries, 30);
    assert_eq!(*events, vec![Event::StateEvicted { kind: "vectors" }; 3]);
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_not_kept() {
    let bench = Bench::new(MemoryBounds { entries: 32, bytes: 2048 });
    bench.put("a", &[1.0, 1.0], &"x".repeat(4000)).await;
    assert_eq!(bench.nearest("a", &[1.0, 1.0], 2.0).await, None);
    assert!(bench.recorder.events.lock().is_empty());
}

proptest! {
    /// Whatever happens, the sums agree with what is there, and the bounds hold.
    #[test]
    fn bounds_hold(steps in proptest::collection::vec((0..3_u8, 0..40_u8, 0..400_usize, 0..40_u64), 1..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bounds = MemoryBounds { entries: 24, bytes: 6000 };
            let bench = Bench::new(bounds);
            for (partition, direction, length, pause) in steps {
                bench.clock.advance(Duration::from_secs(pause));
                let partition = ["a", "b", "c"][usize::from(partition)];
                bench.put(partition, &[f32::from(direction), 20.0], &"x".repeat(length)).await;
                let shard = bench.vectors.shards[0].read();
                prop_assert!(shard.entries <= bounds.entries && shard.bytes <= bounds.bytes);
                let entries = shard.partitions.values().map(Partition::entries).sum::<usize>();
                let sizes: usize = shard.partitions.values().flat_map(Partition::uses).map(|(_, size)| size).sum();
                prop_assert_eq!(shard.entries, entries);
                prop_assert_eq!(shard.bytes, sizes + shard.partitions.len() * PARTITION_BYTES);
            }
            Ok(())
        })?;
    }
}
