//! What of an upload reaches a decoder: the picture itself. Profiles, texts, thumbnails, comments, animation and
//! whatever stands behind the end are left out unread, since a megabyte of them can unpack to a gigabyte; of EXIF
//! only how the camera was held is looked at. The size is read here too, from the same bytes that are decoded.

use image::ImageFormat;

use super::PictureError;

/// Segments of a JPEG and chunks of a WebP at most; a phone's largest have some hundreds.
const MOST_PIECES: usize = 2000;
/// Scans of a JPEG at most: each one is work on every pixel, and encoders make about ten.
const MOST_SCANS: usize = 20;
/// The longest EXIF that is looked at: a JPEG segment.
const LONGEST_EXIF: usize = 65_535;
/// The longest lossless data of a WebP. 80 bytes of it can make 20 kB of tables in the decoder, 65,536 times.
const LONGEST_LOSSLESS: usize = 1 << 20;

/// A picture without anything beside it.
#[derive(Debug)]
pub(super) struct Stripped {
    pub width: u32,
    pub height: u32,
    /// What is decoded.
    pub bytes: Vec<u8>,
    /// As it came, bounded.
    pub exif: Option<Vec<u8>>,
    /// What its decoder holds, in bytes.
    pub memory: u64,
}

/// Takes the picture out of an upload.
pub(super) fn strip(bytes: &[u8], format: Format) -> Result<Stripped, PictureError> {
    match format {
        Format::Jpeg => jpeg(bytes),
        Format::Png => png(bytes),
        Format::WebP => webp(bytes),
    }
}

/// The formats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    WebP,
}

impl Format {
    /// The kind of picture by its first bytes. Named here instead of guessed, so that SVG, HTML and every
    /// format that a later version of the decoder may learn stay out.
    pub fn of(bytes: &[u8]) -> Result<Format, PictureError> {
        let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Ok(Format::Jpeg)
        } else if bytes.starts_with(PNG) {
            Ok(Format::Png)
        } else if webp {
            Ok(Format::WebP)
        } else {
            Err(PictureError::Kind)
        }
    }

    /// The decoder's name for it.
    pub fn decoder(self) -> ImageFormat {
        match self {
            Format::Jpeg => ImageFormat::Jpeg,
            Format::Png => ImageFormat::Png,
            Format::WebP => ImageFormat::WebP,
        }
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Reads a slice from its front; whatever is missing makes the picture damaged.
struct Front<'a>(&'a [u8]);

impl<'a> Front<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], PictureError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(PictureError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PictureError> {
        self.take(N)?.try_into().map_err(|_| PictureError::Damaged)
    }

    fn byte(&mut self) -> Result<u8, PictureError> {
        Ok(u8::from_be_bytes(self.array()?))
    }
}

fn length(bytes: u32) -> Result<usize, PictureError> {
    usize::try_from(bytes).map_err(|_| PictureError::Damaged)
}

fn bounded(exif: &[u8]) -> Option<Vec<u8>> {
    (exif.len() <= LONGEST_EXIF).then(|| exif.to_vec())
}

/// Keeps the header, the palette, transparency and the pixels of the still picture.
fn png(bytes: &[u8]) -> Result<Stripped, PictureError> {
    let mut front = Front(bytes);
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(front.take(PNG.len())?);
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

/// Keeps the tables, the frame, the scans, and the segment that says how colours are stored.
fn jpeg(bytes: &[u8]) -> Result<Stripped, PictureError> {
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

/// Flags of `VP8X`.
const ANIMATED: u8 = 0x02;
const ALPHA: u8 = 0x10;

/// Keeps the picture's own chunk, and its transparency.
fn webp(bytes: &[u8]) -> Result<Stripped, PictureError> {
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

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) -> Result<(), PictureError> {
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
    // The lowest bit is set where the frame leans on an earlier one, which a picture has not.
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
