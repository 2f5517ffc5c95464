//! Which partition a key leads to: Kafka's default, so that producers of other kinds agree with this one.

/// The place of the partition of a key among so many.
pub(super) fn partition_of(key: &[u8], partitions: usize) -> usize {
    let positive = murmur2(key) & 0x7FFF_FFFF;
    let positive = usize::try_from(positive).unwrap_or_default();
    positive.checked_rem(partitions).unwrap_or_default()
}

/// MurmurHash2 with Kafka's seed, 32 bits.
fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_B28C;
    const MIX: u32 = 0x5BD1_E995;
    let mut hash = SEED ^ (data.len() as u32);
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(MIX);
        word ^= word >> 24;
        hash = hash.wrapping_mul(MIX) ^ word.wrapping_mul(MIX);
    }
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0_u32, |tail, byte| (tail << 8) | u32::from(*byte));
        hash = (hash ^ tail).wrapping_mul(MIX);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MIX);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_java_client() {
        // The values of the tests of Kafka's own `Utils.murmur2`.
        for (text, expected) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(text.as_bytes()) as i32, expected, "{text}");
        }
    }

    #[test]
    fn a_key_always_leads_to_the_same_partition_of_so_many() {
        assert_eq!(partition_of(b"abc", 4), 479_470_107 % 4);
        assert!((0..100_u32).all(|key| partition_of(&key.to_le_bytes(), 7) < 7));
        assert_eq!(partition_of(b"abc", 0), 0);
    }
}
