#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sekisho_expression::Limits;
use sekisho_expression::image::JsonContext;

const LIMITS: Limits =
    Limits { steps: 200_000, allocated_bytes: 16 << 20, time: Duration::from_millis(500), ..Limits::DEFAULT };

fuzz_target!(|text: &str| {
    if let Err(broken) = sekisho_expression::fuzzing::interpreter(text, &LIMITS, JsonContext::default) {
        panic!("{broken}");
    }
});
