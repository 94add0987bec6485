//! The bytes of a posted form: urlencoded or multipart, within the reader's bounds. Files go to disk as they arrive.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::{Stream, StreamExt, stream};
use hyper::body::Bytes;
use poem::http::HeaderMap;
use poem::web::Multipart;
use poem::{Body, FromRequest, RequestBody};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Form, Typed};
use crate::kernel::bodies::{Bodies, GUEST_LIMIT, Reader, Share};
use crate::kernel::media::uploads::Uploads;
use crate::web::cx::body::read;
use crate::web::error::{AppError, Result};

/// The longest texts of a form together: ten thousand emoji, each twelve bytes as a form sends them, in thirty fields
/// are still answered beside each field.
const TEXT_LIMIT: usize = 4 << 20;
/// The most fields of a form: each takes more memory than the two bytes that it may be long.
const MOST_FIELDS: usize = 10_000;
/// After the limit of its files is reached, so many bytes of a form are still read and dropped, for the fields after
/// the file.
const READ_ON: u64 = 32 << 20;
/// The largest head of a part, and what is read ahead of it.
const PART_HEAD: u64 = 128 << 10;

/// How a form is read.
pub struct Reading<'a> {
    /// Whose it is.
    pub reader: Reader,
    /// Where files go and how long they may be together; without it they are passed over.
    pub files: Option<(&'a Uploads, u64)>,
    /// The budget of memory.
    pub bodies: &'a Bodies,
    /// Where a copy of what was typed is left, for an answer that gives it back.
    pub typed: &'a OnceLock<Typed>,
    /// The address with its query.
    pub target: &'a str,
}

impl Reading<'_> {
    fn text_limit(&self) -> usize {
        match self.reader {
            Reader::Guest => GUEST_LIMIT,
            Reader::Person => TEXT_LIMIT,
        }
    }

    /// Reads `body` into `form`. When it breaks off or is too long, `form` has the fields that came before.
    pub async fn read(&self, form: &mut Form, headers: &HeaderMap, body: Body) -> Result<()> {
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut share = self.bodies.share(self.reader);
        let mut files = Vec::new();
        let mut trouble = None;
        let multipart = kind.starts_with("multipart/form-data");
        if multipart {
            let mut parts =
                Parts { reading: self, form, share: &mut share, text: 0, files: &mut files, stored: 0, trouble: None };
            parts.read(kind, body).await?;
            trouble = parts.trouble;
        } else {
            let bytes = read(body, self.text_limit(), &mut share).await?;
            if bytes.iter().filter(|byte| **byte == b'&').count() >= MOST_FIELDS {
                return Err(AppError::TooLarge);
            }
            let fields: Vec<(String, String)> =
                serde_urlencoded::from_bytes(&bytes).map_err(|_| AppError::BadRequest("not a form"))?;
            form.fields = Arc::new(fields);
        }
        form.share = Some(Arc::new(share));
        // Set once: a body is read once.
        let _ = self.typed.set(Typed {
            target: self.target.to_owned(),
            fields: Arc::clone(&form.fields),
            multipart,
            files,
        });
        trouble.map_or(Ok(()), Err)
    }
}

/// A multipart form as far as it was read.
struct Parts<'a> {
    reading: &'a Reading<'a>,
    form: &'a mut Form,
    share: &'a mut Share,
    text: usize,
    /// The fields in which files came.
    files: &'a mut Vec<String>,
    /// Bytes on disk.
    stored: u64,
    /// Why a file is not kept. The fields behind it are read all the same, so that the answer can give them back.
    trouble: Option<AppError>,
}

impl Parts<'_> {
    async fn read(&mut self, kind: &str, body: Body) -> Result<()> {
        let most = match (self.reading.reader, self.reading.files) {
            (Reader::Guest, _) => GUEST_LIMIT as u64,
            (Reader::Person, Some((_, most))) => TEXT_LIMIT as u64 + most + READ_ON,
            (Reader::Person, None) => TEXT_LIMIT as u64,
        };
        let flow = Arc::new(Flow::default());
        let request = poem::Request::builder().content_type(kind).finish();
        let body = Body::from_bytes_stream(flow.clone().through(body, most));
        let mut parts = Multipart::from_request(&request, &mut RequestBody::new(body))
            .await
            .map_err(|_| AppError::BadRequest("no boundary"))?;
        while let Some(part) = parts.next_field().await.map_err(|_| flow.why())? {
            flow.claim();
            let field = part.name().unwrap_or_default().to_owned();
            self.text += field.len();
            if self.form.fields.len() + self.files.len() >= MOST_FIELDS {
                return Err(AppError::TooLarge);
            }
            if part.file_name().is_some() {
                self.file(field, pin!(part.into_async_read()), &flow).await?;
            } else {
                let text = self.text(pin!(part.into_async_read()), &flow).await?;
                Arc::make_mut(&mut self.form.fields).push((field, text));
            }
        }
        Ok(())
    }

    async fn text(&mut self, mut part: impl AsyncRead + Unpin, flow: &Flow) -> Result<String> {
        let mut text = Vec::new();
        let mut piece = vec![0; 4096];
        loop {
            let count = part.read(&mut piece).await.map_err(|_| flow.why())?;
            flow.claim();
            if count == 0 {
                return String::from_utf8(text).map_err(|_| AppError::BadRequest("not a multipart form"));
            }
            self.text += count;
            if self.text > self.reading.text_limit() {
                return Err(AppError::TooLarge);
            }
            self.share.grow(self.text).await?;
            text.extend_from_slice(piece.get(..count).unwrap_or_default());
        }
    }

    async fn file(&mut self, field: String, mut part: impl AsyncRead + Unpin, flow: &Flow) -> Result<()> {
        let mut piece = vec![0; 32 << 10];
        let mut arriving = None;
        let mut named = false;
        loop {
            let count = part.read(&mut piece).await.map_err(|_| flow.why())?;
            flow.claim();
            let bytes = piece.get(..count).unwrap_or_default();
            // A file field in which nothing was chosen comes empty.
            if bytes.is_empty() {
                break;
            }
            if !std::mem::replace(&mut named, true) {
                self.files.push(field.clone());
            }
            let (Some((uploads, most)), None) = (self.reading.files, &self.trouble) else { continue };
            self.stored += bytes.len() as u64;
            if self.stored > most {
                self.trouble = Some(AppError::TooLarge);
                arriving = None;
                continue;
            }
            let mut file = match arriving.take() {
                Some(file) => file,
                None => uploads.begin().await?,
            };
            match file.write(bytes).await {
                Ok(()) => arriving = Some(file),
                Err(error) => self.trouble = Some(error.into()),
            }
        }
        if let Some(file) = arriving {
            match file.end(field).await {
                Ok(upload) => self.form.uploads.push(Arc::new(upload)),
                Err(error) => self.trouble = Some(error.into()),
            }
        }
        Ok(())
    }
}

/// The bytes on their way to the multipart parser. It keeps what it has not given out yet, and would read the whole
/// body in search of a boundary that never comes.
#[derive(Default)]
struct Flow {
    state: Mutex<FlowState>,
}

#[derive(Default)]
struct FlowState {
    total: u64,
    /// Read since the parser last gave something out.
    unclaimed: u64,
    why: Option<AppError>,
}

impl Flow {
    fn through(self: Arc<Flow>, body: Body, most: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let pieces = body.into_bytes_stream();
        stream::unfold((pieces, false), move |(mut pieces, pause)| {
            let flow = Arc::clone(&self);
            async move {
                if pause {
                    // The parser reads until nothing is there, and only then looks at what it has.
                    tokio::task::yield_now().await;
                }
                let piece = pieces.next().await?;
                Some((flow.pass(piece, most), (pieces, true)))
            }
        })
    }

    fn pass(&self, piece: io::Result<Bytes>, most: u64) -> io::Result<Bytes> {
        let mut state = self.state();
        let why = match piece {
            Err(_) => AppError::BadRequest("the body broke off"),
            Ok(piece) => {
                state.total += piece.len() as u64;
                state.unclaimed += piece.len() as u64;
                if state.total > most {
                    AppError::TooLarge
                } else if state.unclaimed > PART_HEAD {
                    AppError::BadRequest("the head of a part is too long")
                } else {
                    return Ok(piece);
                }
            }
        };
        state.why = Some(why);
        Err(io::ErrorKind::InvalidData.into())
    }

    /// The parser gave something out.
    fn claim(&self) {
        self.state().unclaimed = 0;
    }

    /// Why the parser failed.
    fn why(&self) -> AppError {
        self.state().why.take().unwrap_or(AppError::BadRequest("not a multipart form"))
    }

    fn state(&self) -> MutexGuard<'_, FlowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
