//! The simulated caller-ID line: an analog modem that shows what the exchange sends between the rings.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Terminal;

/// Between two rings; China rings one second and pauses four.
const BETWEEN: Duration = Duration::from_secs(5);
/// From the first ring to the number (FSK).
const TO_NUMBER: Duration = Duration::from_millis(400);

/// What happens to the line from outside.
#[derive(Clone, Debug)]
pub(super) enum Outside {
    /// Somebody calls; `P` withholds the number.
    Call { number: String, rings: u32 },
}

/// Serves the terminal until the process ends.
pub(super) fn serve(terminal: Terminal, outside: &Receiver<Outside>) {
    let Ok(copy) = terminal.master.try_clone() else { return };
    let out = Arc::new(Mutex::new(File::from(terminal.master)));
    let shows = Arc::new(Mutex::new(false));
    let (answers, told) = (Arc::clone(&out), Arc::clone(&shows));
    std::thread::spawn(move || answer(File::from(copy), &answers, &told));
    let say = |text: &str| {
        let _ = out.lock().unwrap_or_else(PoisonError::into_inner).write_all(text.as_bytes());
    };
    while let Ok(Outside::Call { number, rings }) = outside.recv() {
        for ring in 0..rings {
            say("\r\nRING\r\n");
            if ring == 0 {
                std::thread::sleep(TO_NUMBER);
                if *shows.lock().unwrap_or_else(PoisonError::into_inner) {
                    say(&format!("\r\nDATE = 0101\r\n\r\nTIME = 0000\r\n\r\nNMBR = {number}\r\n"));
                }
            }
            if ring + 1 < rings {
                std::thread::sleep(BETWEEN);
            }
        }
    }
}

/// Answers every command; +VCID is forgotten at ATZ, as on the real thing.
fn answer(mut from: File, out: &Mutex<File>, shows: &Mutex<bool>) {
    let (mut bytes, mut line) = ([0u8; 256], Vec::new());
    loop {
        let Ok(count) = from.read(&mut bytes) else {
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        for byte in bytes.get(..count).unwrap_or_default() {
            if *byte != b'\r' {
                line.push(*byte);
                continue;
            }
            let command = String::from_utf8_lossy(&std::mem::take(&mut line)).trim().to_ascii_uppercase();
            let mut shows = shows.lock().unwrap_or_else(PoisonError::into_inner);
            match command.as_str() {
                "ATZ" => *shows = false,
                "AT+VCID=1" => *shows = true,
                "AT+VCID=0" => *shows = false,
                _ => {}
            }
            let text = if command.starts_with("AT") { "\r\nOK\r\n" } else { "\r\nERROR\r\n" };
            let _ = out.lock().unwrap_or_else(PoisonError::into_inner).write_all(text.as_bytes());
        }
    }
}
