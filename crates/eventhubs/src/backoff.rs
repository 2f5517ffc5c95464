//! How long to wait before a hub is tried again.

use std::time::Duration;

use sekisho_policy::ports::Entropy;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Pauses that double from 100 ms to 10 s. Half of each is chance, so that gateways do not come back all at once.
#[derive(Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure.
    pub(crate) fn next(&mut self, entropy: &dyn Entropy) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let chance = (entropy.next() >> 40) as f64 / (1_u64 << 24) as f64;
        whole / 2 + (whole / 2).mul_f64(chance)
    }

    /// It worked.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use sekisho_testkit::ports::FakeEntropy;

    use super::*;

    #[test]
    fn pauses_double_to_a_limit() {
        let (mut backoff, entropy) = (Backoff::default(), FakeEntropy::default());
        for whole in [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000] {
            let pause = backoff.next(&entropy);
            let whole = Duration::from_millis(whole);
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?} is not about {whole:?}");
        }
        backoff.reset();
        assert!(backoff.next(&entropy) <= FIRST);
    }
}
