//! gzip for pages, cheap enough to do for each.
//!
//! Half of a page's bytes are its constant head with the inlined style sheet. That half is deflated once, at
//! the highest level, and flushed to a byte boundary; a page then deflates only its own rest at level 1, and
//! the two are joined into one gzip member. Measured, a higher level for the rest and brotli cost more time
//! than making the page did; the head as a dictionary for the rest saved 10 to 28 bytes for a tenth of the
//! time of a page.

use std::cell::RefCell;
use std::sync::LazyLock;

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};
use poem::http::{HeaderValue, header};
use poem::{Body, Response};

use crate::ui::style;

/// Below this a packet is a packet; compressing gains nothing.
const WORTHWHILE: usize = 800;
/// RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A head as it stands at the front of a compressed page.
struct Front {
    plain: &'static [u8],
    /// gzip header and deflated head, ending at a byte boundary.
    packed: Vec<u8>,
    crc: u32,
}

thread_local! {
    /// A deflater's tables are a quarter of a megabyte: made once a thread.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

static FRONTS: LazyLock<Vec<Front>> = LazyLock::new(|| style::heads().filter_map(front).collect());

fn front(head: &'static str) -> Option<Front> {
    let plain = head.as_bytes();
    let mut packed = GZIP_HEAD.to_vec();
    let mut deflate = Compress::new(Compression::best(), false);
    append(&mut deflate, plain, &mut packed, FlushCompress::Sync)?;
    Some(Front { plain, packed, crc: crc32fast::hash(plain) })
}

/// Deflates all of `input` behind `out`; `None` when the deflater gives up, which then sends the page plain.
fn append(deflate: &mut Compress, input: &[u8], out: &mut Vec<u8>, flush: FlushCompress) -> Option<()> {
    let begun = deflate.total_in();
    loop {
        out.reserve(input.len() / 2 + 256);
        let taken = usize::try_from(deflate.total_in() - begun).ok()?;
        let (room, before) = (out.capacity(), out.len());
        let status = deflate.compress_vec(input.get(taken..)?, out, flush).ok()?;
        let all_in = usize::try_from(deflate.total_in() - begun).ok()? == input.len();
        match (status, flush) {
            (Status::StreamEnd, _) => return Some(()),
            // A sync flush is complete when it did not fill the room it had.
            (Status::Ok, FlushCompress::Sync) if all_in && out.len() < room => return Some(()),
            (Status::BufError, _) if all_in && out.len() == before => return Some(()),
            (Status::Ok | Status::BufError, _) => {}
        }
    }
}

/// A whole gzip member for `plain`.
fn pack(plain: &[u8]) -> Option<Vec<u8>> {
    let front = FRONTS.iter().find(|front| plain.starts_with(front.plain));
    let (mut out, rest, mut crc) = match front {
        Some(front) => (
            front.packed.clone(),
            plain.get(front.plain.len()..)?,
            Hasher::new_with_initial_len(front.crc, u64::try_from(front.plain.len()).ok()?),
        ),
        None => (GZIP_HEAD.to_vec(), plain, Hasher::new()),
    };
    DEFLATE.with_borrow_mut(|deflate| {
        deflate.reset();
        append(deflate, rest, &mut out, FlushCompress::Finish)
    })?;
    crc.update(rest);
    out.extend_from_slice(&crc.finalize().to_le_bytes());
    // RFC 1952: the length modulo 2^32.
    out.extend_from_slice(&u32::try_from(plain.len() & 0xffff_ffff).ok()?.to_le_bytes());
    Some(out)
}

/// Compresses a text response that is already complete, where the browser accepts it.
pub async fn compress(mut response: Response, accepts: Option<&str>) -> Response {
    let text = response
        .content_type()
        .is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/json"));
    if !text || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !accepts.is_some_and(|accepts| accepts.contains("gzip")) {
        return response;
    }
    let Ok(plain) = response.take_body().into_bytes().await else { return response };
    let packed = if plain.len() < WORTHWHILE { None } else { pack(&plain) };
    match packed {
        Some(packed) => {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response.set_body(packed);
        }
        None => response.set_body(Body::from_bytes(plain)),
    }
    response
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::pack;
    use crate::kernel::i18n::Lang;
    use crate::ui::layout::{Look, Sheet};
    use crate::ui::style::head;

    fn unpack(packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut plain).expect("one whole gzip member with the right CRC");
        plain
    }

    #[test]
    fn a_page_with_its_prepared_head_unpacks_to_itself() {
        let rows: String =
            (0..200).map(|n| format!("<a class=cell href=/customers/{n}>昌乐县丰源农资{n}</a>")).collect();
        for lang in Lang::ALL {
            for look in Look::all() {
                let page = format!("{}{rows}</html>", head(lang, look, Sheet::Inlined));
                let packed = pack(page.as_bytes()).expect("packed");
                assert_eq!(unpack(&packed), page.as_bytes());
                assert!(packed.len() < page.len() / 3);
            }
        }
    }

    #[test]
    fn other_text_and_noise_unpack_to_themselves() {
        let noise: Vec<u8> = (0..100_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for plain in [b"".as_slice(), b"{}", &noise, "页".repeat(5000).as_bytes()] {
            assert_eq!(unpack(&pack(plain).expect("packed")), plain);
        }
        let only_head = head(Lang::Zh, Look::default(), Sheet::Named);
        assert_eq!(unpack(&pack(only_head.as_bytes()).expect("packed")), only_head.as_bytes());
    }
}
