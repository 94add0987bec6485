//! Everything that is tested from outside the units: one package, one binary.

mod licences;
mod support;
