//! Pictures that were taken: thumbnails that lead to the whole.

use maud::{Markup, html};

/// A picture.
#[derive(Clone, Debug)]
pub struct Photo {
    /// Where the whole picture is.
    pub href: String,
    /// The thumbnail's address.
    pub src: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
}

/// One picture in the width of the page.
pub fn whole_photo(photo: &Photo) -> Markup {
    html! { a.whole href=(photo.href) { img src=(photo.src) alt=(photo.alt) decoding="async"; } }
}

/// Thumbnails in a grid; loaded late, so that they cost the page nothing.
pub fn photo_grid(photos: &[Photo]) -> Markup {
    html! {
        div.photos {
            @for photo in photos {
                a href=(photo.href) { img src=(photo.src) alt=(photo.alt) loading="lazy" decoding="async" width="120" height="120"; }
            }
        }
    }
}
