//! JPEG: segments behind markers, then scans of coded pixels.

use super::super::PictureError;
use super::{Front, MOST_PIECES, Stripped, bounded};

/// Scans of a JPEG at most: each one is work on every pixel, and encoders make about ten.
const MOST_SCANS: usize = 20;

/// Keeps the tables, the frame, the scans, and the segment that says how colours are stored.
pub(super) fn strip(bytes: &[u8]) -> Result<Stripped, PictureError> {
    let mut front = Front(bytes);
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(front.take(2)?);
    let (mut frame, mut exif, mut pieces, mut scans) = (None, None, 0, 0);
    loop {
        let kind = marker(&mut front)?;
        pieces += 1;
        if pieces > MOST_PIECES {
            return Err(PictureError::Damaged);
        }
        if kind == 0xd9 {
            out.extend_from_slice(&[0xff, 0xd9]);
            break;
        }
        let whole = front.0;
        let long = usize::from(u16::from_be_bytes(front.array()?));
        let data = front.take(long.checked_sub(2).ok_or(PictureError::Damaged)?)?;
        let keep = match kind {
            // Baseline, extended and progressive; the others are no decoder's here.
            0xc0..=0xc2 if frame.is_none() => {
                frame = Some(frame_of_jpeg(data, kind == 0xc2)?);
                true
            }
            0xc0..=0xc3 | 0xc5..=0xcb | 0xcd..=0xcf => return Err(PictureError::Damaged),
            // Huffman tables, quantization tables, the restart interval.
            0xc4 | 0xdb | 0xdd => true,
            0xda => {
                scans += 1;
                if scans > MOST_SCANS || frame.is_none() {
                    return Err(PictureError::Damaged);
                }
                true
            }
            // Adobe's says whether four channels are ink.
            0xee => data.starts_with(b"Adobe") && data.len() <= 64,
            0xe1 => {
                exif = exif.or_else(|| data.strip_prefix(b"Exif\0\0").and_then(bounded));
                false
            }
            _ => false,
        };
        if keep {
            out.extend_from_slice(&[0xff, kind]);
            out.extend_from_slice(whole.get(..long).unwrap_or_default());
        }
        if kind == 0xda {
            out.extend_from_slice(scan(&mut front));
        }
    }
    let (width, height, channels, progressive) = frame.filter(|_| scans > 0).ok_or(PictureError::Damaged)?;
    // A progressive picture is held as coefficients of two bytes until its last scan.
    let pixel = if progressive { 3 } else { 1 };
    let memory = (u64::from(width) * u64::from(height)).saturating_mul(channels.max(3) * pixel);
    Ok(Stripped { width, height, bytes: out, exif, memory })
}

/// The next marker's second byte. Fill bytes may stand before it.
fn marker(front: &mut Front<'_>) -> Result<u8, PictureError> {
    if front.byte()? != 0xff {
        return Err(PictureError::Damaged);
    }
    loop {
        match front.byte()? {
            0xff => {}
            0x00 | 0x01 | 0xd0..=0xd8 => return Err(PictureError::Damaged),
            kind => return Ok(kind),
        }
    }
}

/// The coded pixels behind a scan's header: up to the next marker that is no restart.
fn scan<'a>(front: &mut Front<'a>) -> &'a [u8] {
    let all = front.0;
    let mut at = 0;
    while let Some(found) = all.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0xff)) {
        at += found;
        match all.get(at + 1) {
            Some(0x00 | 0xd0..=0xd7) => at += 2,
            Some(_) => break,
            None => {
                at = all.len();
                break;
            }
        }
    }
    let ends = all.get(at) == Some(&0xff);
    let (coded, rest) = all.split_at(if ends { at } else { all.len() });
    front.0 = rest;
    coded
}

/// Width, height, channels, and whether it is progressive.
fn frame_of_jpeg(data: &[u8], progressive: bool) -> Result<(u32, u32, u64, bool), PictureError> {
    let mut front = Front(data);
    front.byte()?;
    let (height, width) = (u16::from_be_bytes(front.array()?), u16::from_be_bytes(front.array()?));
    let channels = u64::from(front.byte()?);
    if !(1..=4).contains(&channels) {
        return Err(PictureError::Damaged);
    }
    Ok((width.into(), height.into(), channels, progressive))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::frame_of_jpeg;

    #[test]
    fn a_progressive_picture_counts_three_times() {
        let frame = [8, 0x13, 0x88, 0x17, 0x70, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
        assert_eq!(frame_of_jpeg(&frame, true).unwrap(), (6000, 5000, 3, true));
        assert!(frame_of_jpeg(&frame[..5], true).is_err());
    }
}
