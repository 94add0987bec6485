//! Everything that is tested from outside the units: one package, one binary.
//! Each test under `features` exists twice, once for each database.

mod access;
mod architecture;
mod browser;
mod features;
mod gateway;
mod journeys;
mod licences;
mod phone;
mod statements;
mod support;
mod texts;
