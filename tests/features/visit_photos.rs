//! Photos of a visit: upright, free of EXIF, marked; and what is no photo is refused in words.

use image::GenericImageView;

use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::{both_engines, pictures, seed};

async fn open_visit(app: &App, client: &Client) -> String {
    let customer = seed::customer(app, app.people.rep1, "潍坊丰源农资").await;
    let path = format!("/visits/{}", seed::visit(app, app.people.rep1, customer).await);
    let form = client.get(&path).await.form(&format!("{path}/check-in"));
    client.submit(&form, &[]).await.location();
    path
}

async fn send(client: &Client, path: &str, name: &str, kind: &str, bytes: Vec<u8>) -> Page {
    let form = client.get(path).await.form(&format!("{path}/photos"));
    client.submit_files(&form, &[], &[("photo", name, kind, bytes)]).await
}

/// Addresses of the visit's photos: the pictures on its page lead to them.
async fn photos(client: &Client, path: &str) -> Vec<String> {
    let pages = client.get(path).await.links(&format!("{path}/photos/"));
    let mut all: Vec<String> = pages.iter().filter_map(|page| page.strip_suffix("/view")).map(str::to_owned).collect();
    all.dedup();
    all
}

async fn picture(client: &Client, path: &str) -> (image::DynamicImage, Vec<u8>) {
    let answer = client.raw(path, &[]).await;
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    let bytes = answer.bytes().await.unwrap().to_vec();
    (image::load_from_memory(&bytes).unwrap(), bytes)
}

both_engines! {
    async fn a_photo_is_shrunk_marked_and_served_to_those_who_see_the_visit(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        send(&rep, &path, "IMG_1.jpg", "image/jpeg", pictures::jpeg(2400, 1800)).await.location();
        let all = photos(&rep, &path).await;
        assert_eq!(all.len(), 1, "{all:?}");
        let (full, _) = picture(&rep, &all[0]).await;
        assert_eq!(full.width().max(full.height()), 1600);
        let (thumb, _) = picture(&rep, &format!("{}/thumb", all[0])).await;
        assert!(thumb.width().max(thumb.height()) <= 320);
        // The mark: pixels at the foot that the plain picture does not have.
        let foot = full.crop_imm(0, full.height() * 9 / 10, full.width() / 2, full.height() / 10);
        let bright = foot.pixels().filter(|(_, _, p)| p.0[0] > 220 && p.0[1] > 220 && p.0[2] > 220).count();
        assert!(bright > 100, "no mark is burnt in: {bright}");
        app.sign_in("manager1").await.raw(&all[0], &[]).await.error_for_status().unwrap();
        assert_eq!(app.sign_in("rep2").await.raw(&all[0], &[]).await.status(), 404);
        assert_eq!(app.stranger().raw(&all[0], &[]).await.status(), 303);
    }

    async fn a_photo_taken_sideways_stands_upright_and_tells_no_camera(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        send(&rep, &path, "IMG_2.jpg", "image/jpeg", pictures::jpeg_with_exif(800, 600, 6)).await.location();
        let all = photos(&rep, &path).await;
        let (full, bytes) = picture(&rep, &all[0]).await;
        assert_eq!((full.width(), full.height()), (600, 800), "turned a quarter");
        // Red was top left; a quarter turn to the right brings it to the top right.
        let corner = full.get_pixel(full.width() - 40, 40).0;
        assert!(corner[0] > 150 && corner[1] < 100, "{corner:?}");
        for secret in [&b"SecretCamera"[..], b"Exif"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }

    async fn what_is_no_photo_is_refused_in_words(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        for (name, kind, bytes) in pictures::not_photos() {
            let begun = std::time::Instant::now();
            let page = send(&rep, &path, name, kind, bytes.clone()).await;
            assert_eq!(page.status, 422, "{name} of {} bytes: {}", bytes.len(), page.text());
            assert!(!page.texts(".err, [role=alert]").is_empty(), "{name}: no message");
            assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{name} took {:?}", begun.elapsed());
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM visit_photos").await, 0);
    }

    async fn no_file_at_all_and_too_large_a_file_are_told(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        let form = rep.get(&path).await.form(&format!("{path}/photos"));
        rep.submit(&form, &[]).await.expect(422);
        let form = rep.get(&path).await.form(&format!("{path}/photos"));
        let answer = rep.submit_files(&form, &[], &[("photo", "big.jpg", "image/jpeg", vec![0xff; 25 << 20])]).await;
        assert_eq!(answer.status, 413, "{}", answer.text());
    }

    async fn the_same_photo_twice_is_one_and_on_another_visit_is_flagged(app: App) {
        let rep = app.sign_in("rep1").await;
        let (first, second) = (open_visit(&app, &rep).await, open_visit(&app, &rep).await);
        let photo = pictures::jpeg_of(7, 400, 300);
        for _ in 0..2 {
            send(&rep, &first, "a.jpg", "image/jpeg", photo.clone()).await.location();
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM visit_photos").await, 1);
        send(&rep, &second, "b.jpg", "image/jpeg", photo).await.location();
        assert!(rep.get(&second).await.says("照片重复"));
        assert!(!rep.get(&first).await.says("照片重复"));
    }

    async fn a_browser_asks_before_it_shows_a_photo_again(app: App) {
        let rep = app.sign_in("rep1").await;
        let path = open_visit(&app, &rep).await;
        send(&rep, &path, "IMG_1.jpg", "image/jpeg", pictures::jpeg(400, 300)).await.location();
        let full = photos(&rep, &path).await.remove(0);
        for address in [full.clone(), format!("{full}/thumb")] {
            let first = rep.raw(&address, &[]).await;
            assert_eq!(first.headers()["cache-control"], "private, no-cache");
            let tag = first.headers()["etag"].to_str().unwrap().to_owned();
            let again = rep.raw(&address, &[("if-none-match", &tag)]).await;
            assert_eq!(again.status(), 304);
            assert_eq!(again.headers()["cache-control"], "private, no-cache");
            assert!(again.bytes().await.unwrap().is_empty());
            assert_eq!(rep.raw(&address, &[("if-none-match", "\"other\"")]).await.status(), 200);
            // Who may not see it is not told that it is unchanged.
            assert_eq!(app.session_of(app.people.rep2).await.raw(&address, &[("if-none-match", &tag)]).await.status(), 404);
            assert_eq!(app.stranger().raw(&address, &[("if-none-match", &tag)]).await.status(), 303);
        }
        let form = rep.get("/me").await.form("/logout");
        rep.submit(&form, &[]).await.location();
        assert_eq!(rep.raw(&full, &[]).await.status(), 303, "the session ended");
    }
}
