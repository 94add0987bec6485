//! PNG: a signature and chunks, each with its length, its kind and a checksum.

use super::super::PictureError;
use super::{Front, Stripped, bounded, length};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Keeps the header, the palette, transparency and the pixels of the still picture.
pub(super) fn strip(bytes: &[u8]) -> Result<Stripped, PictureError> {
    let mut front = Front(bytes);
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(front.take(SIGNATURE.len())?);
    let (mut size, mut exif, mut pixels) = (None, None, false);
    loop {
        let whole = front.0;
        let long = length(u32::from_be_bytes(front.array()?))?;
        let kind: [u8; 4] = front.array()?;
        let data = front.take(long)?;
        front.take(4)?;
        let keep = match &kind {
            b"IHDR" if size.is_none() => {
                size = Some(header_of_png(data)?);
                true
            }
            // The header comes first, and once.
            _ if size.is_none() => return Err(PictureError::Damaged),
            b"IHDR" => return Err(PictureError::Damaged),
            b"PLTE" => data.len() <= 768,
            b"tRNS" => data.len() <= 256,
            b"IDAT" => {
                pixels = true;
                true
            }
            b"IEND" => true,
            b"eXIf" => {
                exif = exif.or_else(|| bounded(data));
                false
            }
            _ => false,
        };
        if keep {
            out.extend_from_slice(whole.get(..long.saturating_add(12)).unwrap_or_default());
        }
        if &kind == b"IEND" {
            break;
        }
    }
    let (width, height, bits) = size.filter(|_| pixels).ok_or(PictureError::Damaged)?;
    let memory = (u64::from(width) * u64::from(height)).saturating_mul(bits.div_ceil(8));
    Ok(Stripped { width, height, bytes: out, exif, memory })
}

/// Width, height and bits of a pixel once it is decoded.
fn header_of_png(data: &[u8]) -> Result<(u32, u32, u64), PictureError> {
    let mut front = Front(data);
    let (width, height) = (u32::from_be_bytes(front.array()?), u32::from_be_bytes(front.array()?));
    let (depth, colour) = (u64::from(front.byte()?), front.byte()?);
    let channels = match colour {
        0 => 1,
        2 => 3,
        // A palette is decoded into the colours that it names, which may be transparent.
        3 => 4,
        4 => 2,
        6 => 4,
        _ => return Err(PictureError::Damaged),
    };
    Ok((width, height, channels * depth.max(8)))
}
