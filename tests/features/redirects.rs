//! No answer leads out of the site, whatever a request asks for.

use proptest::prelude::*;
use reqwest::Url;
use server::testing::kernel::address::local;
use server::testing::web::error::see_other;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::people::PASSWORD;

/// Targets that browsers have read as another site at one time or another.
const FOREIGN: [&str; 14] = [
    "//evil.example",
    "///evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/%09/evil.example",
    "/%2f/evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    " //evil.example",
];

/// Where a browser goes from a page of `base`.
fn goes(base: &Url, location: &str) -> Url {
    base.join(location).unwrap_or_else(|error| panic!("{location:?}: {error}"))
}

/// Pieces out of which such targets are made, and anything else.
fn wild() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("/"),
        Just("\\"),
        Just("\t"),
        Just("\r"),
        Just("\n"),
        Just("."),
        Just(".."),
        Just("%09"),
        Just("%0d"),
        Just("%2e"),
        Just("%2f"),
        Just("%5c"),
        Just("@"),
        Just(":"),
        Just("?"),
        Just("#"),
        Just("evil.example"),
        Just("https:"),
        Just("a"),
        Just(" "),
        Just("\u{0}"),
        Just("。"),
        Just("／"),
        Just("[::1]"),
        Just("\u{202e}"),
    ];
    let made = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![3 => made.clone(), 1 => made.prop_map(|rest| format!("/{rest}")), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_counts_as_local_stays_on_the_site_in_every_reader(target in wild()) {
        let base = Url::parse("https://crm.example:8443/visits/new?day=1").unwrap();
        if let Some(kept) = local(&target) {
            let there = goes(&base, &kept);
            prop_assert_eq!(there.origin(), base.origin(), "{:?} became {:?}", target, kept);
            prop_assert!(kept.starts_with('/') && !kept.starts_with("//") && kept.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            // Reading it once more changes nothing.
            prop_assert_eq!(local(&kept), Some(kept.clone()));
        }
    }

    #[test]
    fn no_redirect_leads_out_of_the_site(target in wild()) {
        let base = Url::parse("http://crm.example/login").unwrap();
        let answer = see_other(&target);
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        prop_assert_eq!(goes(&base, &location).origin(), base.origin(), "{:?} leads to {:?}", target, location);
    }
}

both_engines! {
    async fn neither_sign_in_nor_the_language_leads_elsewhere(app: App) {
        let base = Url::parse(app.base()).unwrap();
        let client = app.stranger();
        for target in FOREIGN {
            let form = client.get("/login").await.form("/login");
            let answer = client.submit(&form, &[("username", "admin"), ("password", PASSWORD), ("next", target)]).await;
            assert_eq!(goes(&base, &answer.location()).origin(), base.origin(), "{target:?}");
            assert_eq!(answer.location(), "/", "{target:?}");
            let answer = client.post("/language", &[("lang", "zh-CN"), ("back", target)]).await;
            assert_eq!(answer.location(), "/", "{target:?}");
        }
        let answer = client.post("/language", &[("lang", "zh-CN"), ("back", "/users?q=王")]).await;
        assert_eq!(answer.location(), "/users?q=%E7%8E%8B");
    }
}
