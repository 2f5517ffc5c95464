//! The few forms of DER that keys are carried in.

/// Tags.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;

/// Reads one value after another.
pub(super) struct Reader<'d>(pub(super) &'d [u8]);

impl<'d> Reader<'d> {
    /// The next value: its tag and content. None at the end, and for what is no DER.
    pub(super) fn any(&mut self) -> Option<(u8, &'d [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7F => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
                let length = digits.iter().fold(0_usize, |length, digit| (length << 8) | usize::from(*digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }

    /// The next value when it has this tag.
    pub(super) fn of(&mut self, tag: u8) -> Option<&'d [u8]> {
        let (found, content) = self.any()?;
        (found == tag).then_some(content)
    }

    /// The next value when it is a sequence.
    pub(super) fn sequence(&mut self) -> Option<Reader<'d>> {
        self.of(SEQUENCE).map(Reader)
    }

    /// The next value when it is an integer: big-endian without leading zeros.
    pub(super) fn integer(&mut self) -> Option<&'d [u8]> {
        let content = self.of(INTEGER)?;
        Some(without_zeros(content))
    }
}

/// A number without leading zeros.
pub(super) fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// A value.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = without_zeros(&length);
    let mut out = vec![tag];
    if content.len() < 0x80 {
        out.push(u8::try_from(content.len()).unwrap_or(0));
    } else {
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
        out.extend_from_slice(digits);
    }
    out.extend_from_slice(content);
    out
}

/// A sequence of values.
pub(super) fn sequence(values: &[Vec<u8>]) -> Vec<u8> {
    value(SEQUENCE, &values.concat())
}

/// A number that is not negative, given big-endian.
pub(super) fn integer(number: &[u8]) -> Vec<u8> {
    let digits = without_zeros(number);
    // The first bit is the sign.
    let needs_zero = digits.first().is_none_or(|first| *first >= 0x80);
    let content = if needs_zero { [&[0], digits].concat() } else { digits.to_vec() };
    value(INTEGER, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lengths_go_there_and_back() {
        for number in [&[][..], &[1], &[0x80], &[0, 0, 5], &[0xFF; 200], &[7; 70_000]] {
            let written = sequence(&[integer(number), value(OCTET_STRING, number)]);
            let mut outer = Reader(&written);
            let mut inner = outer.sequence().unwrap();
            assert_eq!(inner.integer(), Some(without_zeros(number)));
            assert_eq!(inner.of(OCTET_STRING), Some(number));
            assert!(inner.any().is_none() && outer.any().is_none());
        }
    }

    #[test]
    fn what_is_cut_off_is_nothing() {
        for bytes in [&[][..], &[2], &[2, 1], &[2, 0x81], &[2, 0x85, 1, 1, 1, 1, 1], &[2, 0x80, 0, 0]] {
            assert!(Reader(bytes).any().is_none(), "{bytes:?}");
        }
        assert!(Reader(&[4, 1, 1]).integer().is_none());
    }
}
