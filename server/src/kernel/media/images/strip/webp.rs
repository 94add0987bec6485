//! WebP: chunks in a RIFF container.

use super::super::PictureError;
use super::{Front, MOST_PIECES, Stripped, bounded, length};

/// The longest lossless data of a WebP. 80 bytes of it can make 20 kB of tables in the decoder, 65,536 times.
const LONGEST_LOSSLESS: usize = 1 << 20;

/// Flags of `VP8X`.
const ANIMATED: u8 = 0x02;
const ALPHA: u8 = 0x10;

/// Keeps the picture's own chunk, and its transparency.
pub(super) fn strip(bytes: &[u8]) -> Result<Stripped, PictureError> {
    let mut front = Front(bytes);
    front.take(4)?;
    let long = length(u32::from_le_bytes(front.array()?))?;
    front.take(4)?;
    // What stands behind the container is no part of it.
    let inner = long.checked_sub(4).ok_or(PictureError::Damaged)?;
    let mut front = Front(front.0.get(..inner).ok_or(PictureError::Damaged)?);
    let (mut canvas, mut alpha, mut picture, mut exif) = (None, None, None, None);
    let mut pieces = 0;
    while !front.0.is_empty() {
        pieces += 1;
        if pieces > MOST_PIECES {
            return Err(PictureError::Damaged);
        }
        let kind: [u8; 4] = front.array()?;
        let long = length(u32::from_le_bytes(front.array()?))?;
        let data = front.take(long)?;
        // The last one's padding is forgotten by some encoders.
        if long % 2 == 1 && !front.0.is_empty() {
            front.take(1)?;
        }
        match &kind {
            b"VP8X" if pieces == 1 => canvas = Some(canvas_of(data)?),
            b"ALPH" if picture.is_none() => alpha = Some(data),
            b"VP8 " | b"VP8L" if picture.is_none() => picture = Some((kind, data)),
            b"ANIM" | b"ANMF" => return Err(PictureError::Moving),
            b"EXIF" => exif = exif.or_else(|| bounded(data.strip_prefix(b"Exif\0\0").unwrap_or(data))),
            _ => {}
        }
    }
    let (kind, data) = picture.ok_or(PictureError::Damaged)?;
    let lossless = &kind == b"VP8L";
    let (width, height) = if lossless { size_of_lossless(data)? } else { size_of_lossy(data)? };
    if canvas.is_some_and(|canvas| canvas != (width, height)) {
        return Err(PictureError::Damaged);
    }
    // Transparency is coded as a lossless picture is.
    let alpha = alpha.filter(|_| canvas.is_some() && !lossless);
    let longest = alpha.map_or(0, <[u8]>::len).max(if lossless { data.len() } else { 0 });
    if longest > LONGEST_LOSSLESS {
        return Err(PictureError::Memory);
    }
    let mut body = b"WEBP".to_vec();
    if let Some(alpha) = alpha {
        let mut head = vec![ALPHA, 0, 0, 0];
        for side in [width, height] {
            head.extend_from_slice(side.saturating_sub(1).to_le_bytes().get(..3).unwrap_or_default());
        }
        chunk(&mut body, *b"VP8X", &head)?;
        chunk(&mut body, *b"ALPH", alpha)?;
    }
    chunk(&mut body, kind, data)?;
    let mut out = Vec::with_capacity(body.len() + 8);
    chunk(&mut out, *b"RIFF", &body)?;
    let memory = (u64::from(width) * u64::from(height)).saturating_mul(4);
    Ok(Stripped { width, height, bytes: out, exif, memory })
}

/// Appends a chunk with its length and its padding.
pub(super) fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) -> Result<(), PictureError> {
    out.extend_from_slice(&kind);
    out.extend_from_slice(&u32::try_from(data.len()).map_err(|_| PictureError::Damaged)?.to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
    Ok(())
}

fn canvas_of(data: &[u8]) -> Result<(u32, u32), PictureError> {
    let mut front = Front(data);
    let [flags, ..]: [u8; 4] = front.array()?;
    if flags & ANIMATED != 0 {
        return Err(PictureError::Moving);
    }
    let mut side = || {
        let [low, middle, high] = front.array()?;
        Ok(u32::from_le_bytes([low, middle, high, 0]) + 1)
    };
    Ok((side()?, side()?))
}

fn size_of_lossy(data: &[u8]) -> Result<(u32, u32), PictureError> {
    let mut front = Front(data);
    let [tag, _, _] = front.array()?;
    // The lowest bit is set where the frame needs an earlier one; a still picture has none.
    if tag & 1 != 0 || front.array()? != [0x9d, 0x01, 0x2a] {
        return Err(PictureError::Damaged);
    }
    let (width, height) = (u16::from_le_bytes(front.array()?), u16::from_le_bytes(front.array()?));
    Ok((u32::from(width & 0x3fff), u32::from(height & 0x3fff)))
}

fn size_of_lossless(data: &[u8]) -> Result<(u32, u32), PictureError> {
    let mut front = Front(data);
    if front.byte()? != 0x2f {
        return Err(PictureError::Damaged);
    }
    let bits = u32::from_le_bytes(front.array()?);
    Ok(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
}
