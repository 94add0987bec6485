//! The box: SMS and caller ID between a GSM modem, a telephone line and the server.
//! The agent never knows a customer; the server never speaks AT.

pub mod pdu;
