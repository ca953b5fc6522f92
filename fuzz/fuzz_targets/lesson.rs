//! Any text as a lesson's YAML: read, or refused with a place and the line itself; never a panic, a hang or a flood.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nslab::lesson::{LessonError, parse};

fuzz_target!(|text: &str| {
    if let Err(error) = parse("lesson.yaml", text) {
        assert!(matches!(error, LessonError::Wrong { .. }), "{error:?}");
        assert!(!error.to_string().is_empty());
    }
});
