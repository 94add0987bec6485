//! PDUs from the network and from a modem's slots.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| gateway_agent::fuzz::pdu(octets));
