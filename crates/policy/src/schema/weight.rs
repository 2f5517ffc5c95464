//! How much a pattern is, before it is made: what repetitions of repetitions come to when they are written out.

/// What a class of characters weighs; those of all scripts are large.
const CLASS: u64 = 20;
const SCRIPT_CLASS: u64 = 50;

/// The weight of a pattern, about the states of its automaton. It need not be a valid one.
pub(super) fn weight(pattern: &str) -> u64 {
    // The sums of the groups that are open, the innermost last, and what the last atom weighs.
    let mut open: Vec<u64> = vec![0];
    let mut atom: u64 = 0;
    let mut rest = pattern.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'(' => {
                open.push(0);
                atom = 0;
                continue;
            }
            b')' if open.len() > 1 => atom = open.pop().unwrap_or(0),
            b'{' => {
                if let Some((times, tail)) = repetition(rest) {
                    // Once is in the sum already.
                    atom = atom.saturating_mul(times.saturating_sub(1));
                    rest = tail;
                } else {
                    atom = 1;
                }
            }
            b'[' => {
                rest = behind_class(rest);
                atom = CLASS;
            }
            b'\\' => {
                let is_class = rest.first().is_some_and(|letter| b"wWdDsSpP".contains(letter));
                rest = rest.get(1..).unwrap_or_default();
                atom = if is_class { SCRIPT_CLASS } else { 1 };
            }
            _ => atom = 1,
        }
        if let Some(sum) = open.last_mut() {
            *sum = sum.saturating_add(atom);
        }
    }
    open.into_iter().fold(0, u64::saturating_add)
}

/// `n}`, `n,}` or `n,m}`: the larger number, and what follows.
fn repetition(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|byte| *byte == b'}')?;
    let inner = str::from_utf8(text.get(..end)?).ok()?;
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let least: u64 = least.trim().parse().ok()?;
    let most = most.trim().parse().unwrap_or(least);
    Some((least.max(most), text.get(end + 1..)?))
}

/// What follows a class whose `[` was read.
fn behind_class(text: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            // Right behind `[` or `[^` it is a character.
            b']' if at > 0 && text.get(..at) != Some(b"^") => break,
            _ => {}
        }
        at += 1;
    }
    text.get(at + 1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn repetitions_multiply() {
        assert_eq!(weight("abc"), 3);
        assert_eq!(weight("^[a-z]{4}$"), 2 + 4 * 20);
        assert_eq!(weight("(ab{10}){100}"), 11 * 100);
        assert_eq!(weight("((a{10}){10}){10}"), 1000);
        assert_eq!(weight(r"\{[]a]\]{2"), 1 + 20 + 1 + 1 + 1);
        assert!(weight("(((x{999999}){999999}){999999}){999999}") > 1 << 60);
        assert_eq!(weight("a)"), 2);
    }
}
