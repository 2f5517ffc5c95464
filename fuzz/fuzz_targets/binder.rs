#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(broken) = sekisho_expression::fuzzing::binder(text) {
        panic!("{broken}");
    }
});
