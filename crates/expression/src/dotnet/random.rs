//! `System.Random`: with a seed .NET's subtractive generator, without one the call's randomness.

use std::any::Any;

use parking_lot::Mutex;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

static RANDOM: TypeDeclaration = TypeDeclaration::class("System.Random").members(&[
    impure("new()", |_| Ok(Value::object(Random::Fresh))),
    impure("new(int Seed)", |call| {
        Ok(Value::object(Random::Seeded(Box::new(Mutex::new(Subtractive::new(call.int(0)))))))
    }),
    impure("static Random Shared", |_| Ok(Value::object(Random::Fresh))),
    impure("int Next()", |call| with_source(call, |source| Value::Int32(source.next()))),
    impure("int Next(int maxValue)", |call| {
        let end = call.int(0);
        if end < 0 {
            return Err(Exception::argument_out_of_range(
                "maxValue",
                "'maxValue' must be greater than zero.",
            ));
        }
        with_source(call, |source| Value::Int32(source.between(0, end)))
    }),
    impure("int Next(int minValue, int maxValue)", |call| {
        let (start, end) = (call.int(0), call.int(1));
        if start > end {
            return Err(Exception::argument_out_of_range(
                "minValue",
                "'minValue' cannot be greater than maxValue.",
            ));
        }
        with_source(call, |source| Value::Int32(source.between(start, end)))
    }),
    impure("double NextDouble()", |call| with_source(call, |source| Value::Double(source.fraction()))),
    impure("float NextSingle()", |call| with_source(call, |source| Value::Single(source.single()))),
    impure("long NextInt64()", |call| with_source(call, |source| Value::Int64(source.long()))),
    impure("void NextBytes(byte[] buffer)", |call| {
        let buffer = call.bytes(0)?;
        let mut buffer = buffer.lock();
        call.budget().steps(buffer.len() as u64)?;
        with_source(call, |source| {
            buffer.fill_with(|| source.byte());
            Value::Null
        })
    }),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&RANDOM];

enum Random {
    Fresh,
    Seeded(Box<Mutex<Subtractive>>),
}

impl DotnetObject for Random {
    fn type_of(&self) -> Type {
        Type::Named("System.Random")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn with_source(call: &mut Call<'_>, draw: impl FnOnce(&mut Source<'_>) -> Value) -> Result<Value, Exception> {
    let receiver = call.receiver().clone();
    match receiver.downcast::<Random>() {
        Some(Random::Seeded(state)) => Ok(draw(&mut Source::Seeded(&mut state.lock()))),
        Some(Random::Fresh) => {
            let context = call.context();
            Ok(draw(&mut Source::Fresh(&mut || context.random())))
        }
        None => Err(call.mismatch(&receiver)),
    }
}

enum Source<'s> {
    Fresh(&'s mut dyn FnMut() -> u64),
    Seeded(&'s mut Subtractive),
}

impl Source<'_> {
    /// 0 to `i32::MAX` - 1.
    fn next(&mut self) -> i32 {
        match self {
            Source::Fresh(_) => self.between(0, i32::MAX),
            Source::Seeded(state) => state.sample(),
        }
    }

    /// From `start` up to `end`, which is left out unless both are equal.
    fn between(&mut self, start: i32, end: i32) -> i32 {
        let width = i64::from(end) - i64::from(start);
        let offset = match self {
            // The high half of the product spreads evenly without a division.
            Source::Fresh(bits) => ((u128::from(bits()) * width.unsigned_abs() as u128) >> 64) as i64,
            Source::Seeded(state) if width <= i64::from(i32::MAX) => (state.fraction() * width as f64) as i64,
            Source::Seeded(state) => (state.wide_fraction() * width as f64) as i64,
        };
        i32::try_from(i64::from(start) + offset).unwrap_or(start)
    }

    /// 0 up to 1, without 1.
    fn fraction(&mut self) -> f64 {
        match self {
            Source::Fresh(bits) => (bits() >> 11) as f64 / (1_u64 << 53) as f64,
            Source::Seeded(state) => state.fraction(),
        }
    }

    fn single(&mut self) -> f32 {
        match self {
            Source::Fresh(bits) => (bits() >> 40) as f32 / (1_u32 << 24) as f32,
            // Rounding to 24 bits may reach 1, which is not allowed: such draws are repeated.
            Source::Seeded(state) => loop {
                let drawn = state.fraction() as f32;
                if drawn < 1.0 {
                    return drawn;
                }
            },
        }
    }

    /// 0 to `i64::MAX` - 1.
    fn long(&mut self) -> i64 {
        loop {
            let bits = match self {
                Source::Fresh(bits) => bits(),
                Source::Seeded(state) => {
                    let mut part = |bits: u32| (state.fraction() * f64::from(1_u32 << bits)) as u64;
                    part(22) | (part(22) << 22) | (part(20) << 44)
                }
            };
            let drawn = (bits >> 1).cast_signed();
            if drawn != i64::MAX {
                return drawn;
            }
        }
    }

    fn byte(&mut self) -> u8 {
        match self {
            Source::Fresh(bits) => (bits() >> 56) as u8,
            Source::Seeded(state) => (state.sample() & 0xFF) as u8,
        }
    }
}

/// The generator that .NET keeps for seeded instances: the same seed gives the same numbers in every version.
struct Subtractive {
    state: [i32; 56],
    at: usize,
    behind: usize,
}

impl Subtractive {
    fn new(seed: i32) -> Self {
        let mut state = [0_i32; 56];
        let mut previous = 161_803_398_i32.wrapping_sub(seed.checked_abs().unwrap_or(i32::MAX));
        set(&mut state, 55, previous);
        let mut next = 1_i32;
        let mut slot = 0_usize;
        for _ in 1..55 {
            slot = if slot < 34 { slot + 21 } else { slot - 34 };
            set(&mut state, slot, next);
            next = lifted(previous.wrapping_sub(next));
            previous = get(&state, slot);
        }
        for _ in 0..4 {
            // Each is mixed with the one 31 places on, round the 55: two loops without a remainder.
            for slot in 1..25 {
                let mixed = lifted(get(&state, slot).wrapping_sub(get(&state, slot + 31)));
                set(&mut state, slot, mixed);
            }
            for slot in 25..56 {
                let mixed = lifted(get(&state, slot).wrapping_sub(get(&state, slot - 24)));
                set(&mut state, slot, mixed);
            }
        }
        Self { state, at: 0, behind: 21 }
    }

    /// 0 to `i32::MAX` - 1.
    fn sample(&mut self) -> i32 {
        self.at = if self.at >= 55 { 1 } else { self.at + 1 };
        self.behind = if self.behind >= 55 { 1 } else { self.behind + 1 };
        let mut drawn = get(&self.state, self.at).wrapping_sub(get(&self.state, self.behind));
        if drawn == i32::MAX {
            drawn -= 1;
        }
        let drawn = lifted(drawn);
        set(&mut self.state, self.at, drawn);
        drawn
    }

    fn fraction(&mut self) -> f64 {
        f64::from(self.sample()) * (1.0 / f64::from(i32::MAX))
    }

    /// For ranges wider than `i32::MAX`: a second draw gives the sign.
    fn wide_fraction(&mut self) -> f64 {
        let drawn = self.sample();
        let drawn = if self.sample() % 2 == 0 { -drawn } else { drawn };
        (f64::from(drawn) + f64::from(i32::MAX - 1)) / (2.0 * f64::from(i32::MAX) - 1.0)
    }
}

fn lifted(value: i32) -> i32 {
    if value < 0 { value.wrapping_add(i32::MAX) } else { value }
}

fn get(state: &[i32; 56], at: usize) -> i32 {
    state.get(at).copied().unwrap_or(0)
}

fn set(state: &mut [i32; 56], at: usize, value: i32) {
    if let Some(slot) = state.get_mut(at) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests;
