#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(broken) = sekisho_expression::fuzzing::lexer(text) {
        panic!("{broken}");
    }
});
