//! Bytes from a modem and from a caller-ID line.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway_agent::fuzz::line(bytes));
