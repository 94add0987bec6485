//! Photos of a visit: received, watermarked, and served under the visit's scope.

use poem::Response;
use poem::http::{StatusCode, header};

use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock::DAY;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::media::files::FileHash;
use crate::kernel::media::images;
use crate::visits::rules::{Flag, State};
use crate::visits::store::{self, NewPhoto, PhotoRow, Visit};
use crate::visits::{marks, pages, view, write_up};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};

/// Photos of one visit at most.
const MOST: usize = 20;
/// A phone's original photo, where JavaScript did not shrink it.
const LARGEST: u64 = 24 << 20;

/// `POST /visits/:id/photos`
pub async fn add(cx: Cx) -> Result<Response> {
    let mut form = cx.form_with_files(LARGEST).await?;
    let visit = pages::own(&cx, store::find(&cx.office.db, &cx.scope(), cx.id()?).await?)?;
    allowed(&cx, &visit)?;
    // Where no script runs, what was typed on the page comes with the photo.
    let travels = write_up::travels_with(&cx, &mut form, &visit);
    if !form.is_right() {
        return pages::again(&cx, visit, form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let Some(upload) = form.upload("photo") else {
        form.wrong("photo", t!(cx.lang, "visits.photo_missing"));
        return pages::again(&cx, visit, form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mark = marks::lines(&visit, &cx.actor().name, cx.now);
    let picture = match images::process_upload(upload, mark).await {
        Ok(picture) => picture,
        Err(error) => {
            form.wrong("photo", error.message(cx.lang));
            return pages::again(&cx, visit, form, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    // Files first: a row never names a file that is not on disk. A file without a row is only wasted room.
    let file = cx.office.files.put(picture.full).await?;
    let thumb = cx.office.files.put(picture.thumb).await?;

    let mut write = cx.write(&form).await?;
    let visit = pages::own(&cx, store::find_for_change(&mut write.tx, &cx.scope(), visit.row.id).await?)?;
    allowed(&cx, &visit)?;
    let id = visit.row.id;
    let twins = store::visits_with(&mut write.tx, picture.original.as_str()).await?;
    // The same picture twice in one visit is a second tap, not a second photo.
    if !twins.contains(&id) {
        if store::photos(&mut write.tx, &cx.scope(), id).await?.len() >= MOST {
            return Err(AppError::Refused(t!(cx.lang, "visits.photos_full", most = MOST).into_owned()));
        }
        if !twins.is_empty() {
            let mut flags = visit.row.flags();
            flags.add(Flag::SamePhoto);
            store::set_flags(&mut write.tx, id, &flags, cx.now).await?;
        }
        let new = NewPhoto {
            visit: id,
            at: cx.now,
            original: picture.original.as_str(),
            file: file.as_str(),
            thumb: thumb.as_str(),
            width: picture.width.into(),
            height: picture.height.into(),
        };
        let photo = store::add_photo(&mut write.tx, &new).await?;
        let changes = Changes::new().set("photo", photo.to_string()).set("original_hash", picture.original.as_str());
        write.audit(Action::Edit, "visit", id, changes).await?;
    }
    if travels && let Err(form) = write_up::save_too(&mut write, &cx, form, &visit).await? {
        drop(write);
        return pages::again(&cx, visit, *form, StatusCode::CONFLICT).await;
    }
    write.finish(&format!("/visits/{id}?done=photo")).await
}

/// While the visit is open, and for a day after it: a phone without signal hands its photos in late.
fn allowed(cx: &Cx, visit: &Visit) -> Result<()> {
    let late = visit.row.checked_out_at.is_some_and(|at| cx.now - at > DAY);
    match visit.row.state(pages::today(cx)) {
        State::Open => Ok(()),
        State::Done if !late => Ok(()),
        State::Done => Err(AppError::Refused(t!(cx.lang, "visits.photo_late").into_owned())),
        State::Planned | State::Missed => Err(AppError::Refused(t!(cx.lang, "visits.check_in_first").into_owned())),
    }
}

/// `GET /visits/:id/photos/:photo`
pub async fn full(cx: Cx) -> Result<Response> {
    serve(&cx, |photo| photo.file_hash).await
}

/// `GET /visits/:id/photos/:photo/view`: the picture on a page of ours, which has a way back.
pub async fn show(cx: Cx) -> Result<Response> {
    let photo: Id = cx.param("photo").parse().map_err(|_| AppError::NotFound)?;
    let visit = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let photos = store::photos(&cx.office.db, &cx.scope(), visit.row.id).await?;
    let photo = photos.iter().find(|one| one.id == photo).ok_or(AppError::NotFound)?;
    Ok(html(view::photo(&cx.frame(), &visit, photo, cx.now)))
}

/// `GET /visits/:id/photos/:photo/thumb`
pub async fn thumb(cx: Cx) -> Result<Response> {
    serve(&cx, |photo| photo.thumb_hash).await
}

async fn serve(cx: &Cx, which: impl Fn(PhotoRow) -> String) -> Result<Response> {
    let photo: Id = cx.param("photo").parse().map_err(|_| AppError::NotFound)?;
    let photo = store::photo(&cx.office.db, &cx.scope(), cx.id()?, photo).await?.ok_or(AppError::NotFound)?;
    let hash = FileHash::parse(&which(photo)).ok_or(AppError::NotFound)?;
    // The browser may keep the picture and must ask before each use: without a session it is refused, and with one
    // the answer has no body. The name of the file is the hash of its content.
    let tag = format!("\"{}\"", hash.as_str());
    let kept = cx.header("if-none-match").is_some_and(|tags| tags.split(',').any(|kept| kept.trim() == tag));
    let answer = Response::builder().header(header::CACHE_CONTROL, "private, no-cache").header(header::ETAG, &tag);
    if kept {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    let bytes = match cx.office.files.get(&hash).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            tracing::error!(file = hash.as_str(), "a photo's file is gone");
            return Err(AppError::NotFound);
        }
        Err(error) => return Err(error.into()),
    };
    Ok(answer.content_type("image/jpeg").body(bytes))
}
