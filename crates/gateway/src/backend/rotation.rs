//! Whose turn it is in a group of pool members: smooth weighted round-robin, exact within one call.
//!
//! The order for a set of available members is worked out once; after that a choice is one atomic addition. When a
//! member trips or recovers, the order is worked out anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;

/// Members of one priority, with their weights.
#[derive(Debug)]
pub(crate) struct Rotation {
    weights: Vec<u32>,
    order: ArcSwap<Order>,
}

/// The order for one set of available members.
#[derive(Debug)]
struct Order {
    /// One bit for each available member.
    available: u64,
    members: Vec<usize>,
    next: AtomicUsize,
}

impl Rotation {
    /// A group of at most 64 members.
    pub(crate) fn new(weights: Vec<u32>) -> Self {
        let everyone = (0..weights.len().min(64)).fold(0, |mask, member| mask | 1 << member);
        let order = ArcSwap::from_pointee(Order::new(&weights, everyone));
        Self { weights, order }
    }

    pub(crate) fn weights(&self) -> &[u32] {
        &self.weights
    }

    /// The member whose turn it is among those in the bit set; none when the set is empty.
    pub(crate) fn next(&self, available: u64) -> Option<usize> {
        let order = self.order.load();
        if order.available == available {
            return order.turn();
        }
        let order = Arc::new(Order::new(&self.weights, available));
        let turn = order.turn();
        self.order.store(order);
        turn
    }
}

impl Order {
    /// A member of weight 0 is left out unless all available ones are of weight 0.
    fn new(weights: &[u32], available: u64) -> Self {
        let is_available = |member: &usize| *member < 64 && available >> member & 1 == 1;
        let mut members: Vec<(usize, i64, i64)> = weights
            .iter()
            .enumerate()
            .filter(|(member, _)| is_available(member))
            .map(|(member, weight)| (member, i64::from(*weight), 0))
            .collect();
        if members.iter().any(|(_, weight, _)| *weight > 0) {
            members.retain(|(_, weight, _)| *weight > 0);
        } else {
            members.iter_mut().for_each(|(_, weight, _)| *weight = 1);
        }
        let divisor =
            members.iter().fold(0, |divisor, (_, weight, _)| greatest_common_divisor(divisor, *weight));
        members.iter_mut().for_each(|(_, weight, _)| *weight /= divisor.max(1));
        let total: i64 = members.iter().map(|(_, weight, _)| weight).sum();
        let turns = (0..total).filter_map(|_| turn(&mut members, total)).collect();
        Self { available, members: turns, next: AtomicUsize::new(0) }
    }

    fn turn(&self) -> Option<usize> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.members.get(turn.checked_rem(self.members.len())?).copied()
    }
}

/// Everyone gains their weight, the richest has the turn and pays the total.
fn turn(members: &mut [(usize, i64, i64)], total: i64) -> Option<usize> {
    members.iter_mut().for_each(|(_, weight, gained)| *gained += *weight);
    // Of equal ones the first has the turn.
    let richest = members.iter_mut().rev().max_by_key(|(_, _, gained)| *gained)?;
    richest.2 -= total;
    Some(richest.0)
}

fn greatest_common_divisor(left: i64, right: i64) -> i64 {
    if right == 0 { left } else { greatest_common_divisor(right, left % right) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn turns_are_spread_and_exact() {
        let rotation = Rotation::new(vec![5, 1, 1]);
        let turns: Vec<_> = (0..7).filter_map(|_| rotation.next(0b111)).collect();
        assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0]);
        let equal = Rotation::new(vec![1, 1, 1]);
        assert_eq!((0..6).filter_map(|_| equal.next(0b111)).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn weight_zero_only_when_alone() {
        let rotation = Rotation::new(vec![0, 3, 0]);
        assert!((0..5).all(|_| rotation.next(0b111) == Some(1)));
        let alone: Vec<_> = (0..4).filter_map(|_| rotation.next(0b101)).collect();
        assert_eq!(alone, [0, 2, 0, 2]);
        assert_eq!(rotation.next(0), None);
    }

    proptest! {
        #[test]
        fn shares_are_exact_within_one_at_any_time(
            weights in prop::collection::vec(0_u32..=100, 1..8),
            calls in 1_usize..400,
        ) {
            let rotation = Rotation::new(weights.clone());
            let everyone = (1_u64 << weights.len()) - 1;
            let mut counts = vec![0_f64; weights.len()];
            for _ in 0..calls {
                counts[rotation.next(everyone).unwrap()] += 1.0;
            }
            let shares: Vec<u32> = if weights.iter().any(|weight| *weight > 0) { weights } else { vec![1; counts.len()] };
            let total: u32 = shares.iter().sum();
            for (count, share) in counts.iter().zip(&shares) {
                let fair = calls as f64 * f64::from(*share) / f64::from(total);
                prop_assert!((count - fair).abs() <= shares.len() as f64 / 2.0 + 1.0, "{count} of {fair}");
            }
        }
    }
}
