use super::*;

/// Next, Next, Next(100), Next(-5, 7), Next over the whole range, NextDouble, four bytes: as .NET draws them.
type Drawn = (i32, [i32; 5], f64, [u8; 4]);

const DRAWN: &[Drawn] = &[
    (0, [1559595546, 1755192844, 76, 1, 442452828], 0.906_027_066_011_925_7, [216, 173, 103, 101]),
    (1, [534011718, 237820880, 46, 4, 1412011071], 0.354_083_763_600_366_1, [163, 149, 207, 255]),
    (42, [1434747710, 302596119, 12, 1, -361709744], 0.724_408_364_726_420_7, [59, 153, 134, 158]),
    (-7, [822959691, 1871007331, 66, -5, -786909591], 0.042_423_949_131_008_214, [104, 255, 65, 153]),
    (i32::MIN, [1559595546, 1755192844, 76, 1, 442452828], 0.906_027_066_011_925_7, [216, 173, 91, 101]),
    (i32::MAX, [1559595546, 1755192844, 76, 1, 442452828], 0.906_027_066_011_925_7, [216, 173, 91, 101]),
    (161803398, [1639093931, 386245568, 78, -5, -104424776], 0.072_495_121_076_933_64, [251, 14, 243, 250]),
];

#[test]
fn a_seed_gives_the_numbers_of_dotnet() {
    for (seed, numbers, fraction, bytes) in DRAWN {
        let mut state = Subtractive::new(*seed);
        let mut source = Source::Seeded(&mut state);
        let drawn = [
            source.next(),
            source.next(),
            source.between(0, 100),
            source.between(-5, 7),
            source.between(i32::MIN, i32::MAX),
        ];
        assert_eq!(drawn, *numbers, "seed {seed}");
        assert_eq!(source.fraction(), *fraction, "seed {seed}");
        assert_eq!([source.byte(), source.byte(), source.byte(), source.byte()], *bytes, "seed {seed}");
    }
}

#[test]
fn fresh_numbers_stay_in_their_range() {
    for bits in [0, 1, u64::MAX, u64::MAX / 2] {
        let mut draw = || bits;
        let mut source = Source::Fresh(&mut draw);
        assert!((0..i32::MAX).contains(&source.next()));
        assert!((-3..9).contains(&source.between(-3, 9)));
        assert_eq!(source.between(4, 4), 4);
        assert!((0.0..1.0).contains(&source.fraction()));
        assert!((0.0..1.0).contains(&source.single()));
    }
}

#[test]
fn members_in_expressions() {
    use crate::testing::{assert_evaluates, assert_throws};
    let cases = [
        (r#"@(new Random(42).Next(100))"#, "System.Int32", "66"),
        (r#"@{ var r = new Random(1); r.Next(); return r.Next(5, 6); }"#, "System.Int32", "5"),
        (r#"@(new Random().Next(1, 2))"#, "System.Int32", "1"),
        (
            r#"@{ var b = new byte[2]; new Random(0).NextBytes(b); return b[0] != 0 || b[1] != 0; }"#,
            "System.Boolean",
            "true",
        ),
        (r#"@(new Random(context.RequestId.GetHashCode()).NextDouble() < 1)"#, "System.Boolean", "true"),
    ];
    for (expression, type_name, value) in cases {
        assert_evaluates(expression, type_name, value);
    }
    assert_throws("@(new Random(1).Next(-1))", "System.ArgumentOutOfRangeException");
    assert_throws("@(new Random(1).Next(2, 1))", "System.ArgumentOutOfRangeException");
}
