//! PDUs as modems give them, each with its reading; and what must hold for every message.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;

use super::data::{self, Body};
use super::dcs::{Alphabet, Class, Waiting};
use super::deliver::{self, Deliver, Incoming};
use super::report::{Delivery, Report};
use super::submit::{self, Submit};
use super::{count, from_hex};

fn message(hex: &str) -> Deliver {
    match deliver::decode(&from_hex(hex).unwrap()) {
        Ok(Incoming::Deliver(message)) => message,
        other => panic!("{hex}: {other:?}"),
    }
}

fn report(hex: &str) -> Report {
    match deliver::decode(&from_hex(hex).unwrap()) {
        Ok(Incoming::Report(report)) => report,
        other => panic!("{hex}: {other:?}"),
    }
}

/// Service centre, first octet, originator, PID, DCS, time, user data: the sender and the text.
const READINGS: [(&str, &str, &str); 26] = [
    // Examples that manuals of modems give.
    ("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37", "27838890001", "hellohello"),
    ("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07", "+31641600986", "How are you?"),
    ("0791448720003023240DD0E474D81C0EBB010000111011315214000BE474D81C0EBB5DE3771B", "diafaan", "diafaan.com"),
    // Chinese, with and without the service centre's number.
    ("0891683108200005F0040D91683108352614F70008621132900000230460A8597D", "+8613805362417", "您好"),
    ("00040D91683108352614F70008621132900000230460A8597D", "+8613805362417", "您好"),
    // From a modem that leaves the service centre out altogether.
    ("040D91683108352614F70008621132900000230460A8597D", "+8613805362417", "您好"),
    // Short numbers, national numbers, names, nobody.
    ("000405810180F600086211329000002304767E5EA6", "10086", "百度"),
    ("00040BA13108352614F70000621132900000230141", "13805362417", "A"),
    ("00040BD0C7F7FBCC2E030000621132900000230141", "Google", "A"),
    ("000400810000621132900000230141", "", "A"),
    ("000400D00000621132900000230141", "", "A"),
    // Emoji: UCS-2 as it is used.
    ("00040D91683108352614F700086211329000002304D83DDC4D", "+8613805362417", "👍"),
    // The extension table: € is an escape and 65.
    ("00040D91683108352614F7000062113290000023029B32", "+8613805362417", "€"),
    // Class 0, 1 and 2; message waiting; data coding group with class.
    ("00040D91683108352614F70010621132900000230141", "+8613805362417", "A"),
    ("00040D91683108352614F700F1621132900000230141", "+8613805362417", "A"),
    ("00040D91683108352614F70018621132900000230260A8", "+8613805362417", "您"),
    ("00040D91683108352614F700C8621132900000230141", "+8613805362417", "A"),
    ("00040D91683108352614F700E8621132900000230260A8", "+8613805362417", "您"),
    // Plain ASCII marked as data; octets that are no text.
    ("00040D91683108352614F700046211329000002305506C61696E", "+8613805362417", "Plain"),
    ("00040D91683108352614F70004621132900000230301FF80", "+8613805362417", "[3 B]"),
    // Parts with 8 and 16 bits of reference; a header with ports; one with an element nobody knows.
    ("00440D91683108352614F700086211329000002308050003CC020160A8", "+8613805362417", "您"),
    ("00440D91683108352614F70008621132900000230B060804123402014F60597D", "+8613805362417", "你好"),
    ("00440D91683108352614F700086211329000002309060504158100004F60", "+8613805362417", "你"),
    ("00440D91683108352614F700086211329000002306037001AA60A8", "+8613805362417", "您"),
    // No time at all.
    ("00040D91683108352614F70000000000000000000141", "+8613805362417", "A"),
    // Nothing in it.
    ("00040D91683108352614F700006211329000002300", "+8613805362417", ""),
];

#[test]
fn every_pdu_is_read_as_it_was_meant() {
    for (hex, from, text) in READINGS {
        let read = message(hex);
        assert_eq!((read.from.to_string().as_str(), read.text().as_str()), (from, text), "{hex}");
    }
}

#[test]
fn what_stands_beside_the_text_is_read_too() {
    let scheme = |hex: &str| message(hex).scheme;
    assert_eq!(scheme(READINGS[13].0).class, Some(Class::Flash));
    assert_eq!(scheme(READINGS[14].0).class, Some(Class::Phone));
    assert_eq!(scheme(READINGS[15].0).class, Some(Class::Flash));
    assert_eq!(scheme(READINGS[16].0).waiting, Some((Waiting::Voicemail, true)));
    assert_eq!(scheme(READINGS[18].0).alphabet, Alphabet::Data);
    assert_eq!(message(READINGS[24].0).at, None);
    // 2099-03-29 15:16:59 at +02:00.
    assert_eq!(message(READINGS[0].0).at, Some(4_078_473_419_000));
    // 2026-11-23 09:00:00 in China.
    assert_eq!(message(READINGS[3].0).at, Some(1_795_395_600_000));
    let replacing = "00040D91683108352614F74300621132900000230141";
    assert_eq!((message(replacing).pid, message(replacing).more), (0x43, false));
    assert!(message(&replacing.replacen("0004", "0080", 1)).reply_path);
    let wide = message(READINGS[21].0).part().unwrap();
    assert_eq!((wide.reference, wide.total, wide.n), (0x1234, 2, 1));
    assert_eq!(
        message("00440D91683108352614F700086211329000002308050003CC010160A8").part(),
        None,
        "one of one is whole"
    );
}

#[test]
fn turkish_is_read_by_the_tables_that_its_header_names() {
    // Locking and single shift table 1, then İ, escaped ş and ı.
    let septets = super::gsm7::pack(&[0x40, 0x1b, 0x73, 0x07], super::header::Header::fill(7));
    let mut hex = "00440D91683108352614F70000621132900000230C06240101250101".to_owned();
    hex.push_str(&super::to_hex(&septets));
    assert_eq!(message(&hex).text(), "İşı");
}

#[test]
fn digits_of_the_bengali_single_shift_table_are_read() {
    assert_eq!(message("0044049136190000515071322005230903240104D8403619").text(), "<০");
}

#[test]
fn a_message_stored_for_sending_is_none_that_came() {
    // With and without the service centre's address, which the modem may leave out of its slots.
    for hex in [
        "01000A8121436587090000054F29D3A905",
        "0100 0E91 683108352614F7 0008 0460A8597D",
        "11000D91683108352614F70008A70460A8597D",
        "05000A812143658709000005E8329BFD06",
        "31000D91683108352614F70008A70460A8597D",
        "0001000D91683108352614F700080460A8597D",
        "0791683108200005F001000D91683108352614F700080460A8597D",
    ] {
        let hex = hex.replace(' ', "");
        let read = deliver::decode(&from_hex(&hex).unwrap());
        assert!(read.is_err(), "{hex}: {read:?}");
    }
}

#[test]
fn reports_say_which_message_and_what_became_of_it() {
    let delivered = report("0006FF0D91683108352614F7621132900000236211329050212300");
    assert_eq!((delivered.mr, delivered.to.to_string().as_str()), (255, "+8613805362417"));
    assert_eq!(delivered.status, Delivery::Delivered);
    assert_eq!((delivered.sent_at, delivered.at), (Some(1_795_395_600_000), Some(1_795_395_912_000)));
    for (octet, status) in [
        ("01", Delivery::Delivered),
        ("20", Delivery::Trying),
        ("30", Delivery::Trying),
        ("41", Delivery::Failed(0x41)),
        ("46", Delivery::Expired),
        ("63", Delivery::Failed(0x63)),
        ("FF", Delivery::Failed(0xff)),
    ] {
        let hex = format!("0006070D91683108352614F76211329000002362113290502123{octet}");
        assert_eq!(report(&hex).status, status, "{octet}");
    }
    // Optional fields behind the status, and none where the modem drops the service centre.
    assert_eq!(report("0006FF0D91683108352614F762113290000023621132905021230007000800").mr, 255);
    assert_eq!(report("06FF0D91683108352614F7621132900000236211329050212300").mr, 255);
}

#[test]
fn what_is_wrong_is_said_with_its_octet() {
    for (hex, octet) in [
        ("", 0),
        ("0D", 0),
        ("07917283", 4),
        ("0001", 1),
        ("00041591", 2),
        ("00040D916831", 6),
        ("00040D91683108352614F700086211329000002304D83D", 23),
        ("00040D91683108352614F70008621132900000238D", 20),
        ("00440D91683108352614F7000862113290000023020900", 23),
    ] {
        assert_eq!(deliver::decode(&from_hex(hex).unwrap()).unwrap_err().octet, octet, "{hex}");
    }
    assert_eq!(submit::decode(&from_hex("0004").unwrap()).unwrap_err().octet, 1);
}

/// Characters of every kind that a message can hold.
fn wild() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        4 => prop::char::range(' ', '~'),
        2 => prop::sample::select("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\n\r".chars().collect::<Vec<_>>()),
        2 => prop::sample::select("^{}\\[~]|€\u{c}".chars().collect::<Vec<_>>()),
        4 => prop::char::range('一', '龥'),
        2 => prop::sample::select("👍😀🧧🀄𠮷🇨🇳👨\u{200d}👩".chars().collect::<Vec<_>>()),
    ];
    prop::collection::vec(character, 0..600).prop_map(|all| all.into_iter().collect())
}

fn number() -> impl Strategy<Value = String> {
    "\\+?[0-9]{3,20}|[0-9*#]{3,8}"
}

fn read_back(parts: &[submit::Part]) -> Vec<submit::Submitted> {
    parts.iter().map(|part| submit::decode(&part.octets).unwrap()).collect()
}

proptest! {
    #[test]
    fn every_text_reads_back_from_its_parts(
        text in wild(), to in number(), report: bool, wide: bool, flash: bool, reference: u16,
        validity_s in prop::option::of(0u32..40_000_000), replace in prop::option::of(1u8..=7),
    ) {
        let asked = Submit { to: &to, text: &text, report, validity_s, reference, wide, flash, replace };
        let parts = submit::encode(&asked).unwrap();
        let read = read_back(&parts);
        prop_assert_eq!(data::text(read.iter().map(|part| &part.data.body)), text.clone());
        for (part, n) in read.iter().zip(1..) {
            prop_assert_eq!(part.to.to_string(), to.clone());
            prop_assert_eq!(part.report, report);
            prop_assert_eq!(part.scheme.class.is_some(), flash);
            prop_assert_eq!(part.validity.is_some(), validity_s.is_some());
            // Each part is a text by itself: nothing is cut in two.
            match &part.data.body {
                Body::Units(units) => prop_assert!(String::from_utf16(units).is_ok()),
                Body::Septets(septets, _) => prop_assert_ne!(septets.last(), Some(&0x1b)),
                Body::Octets(_) => prop_assert!(false, "we send no data"),
            }
            match part.data.header.part {
                Some(place) => {
                    prop_assert_eq!(usize::from(place.total), parts.len());
                    prop_assert_eq!(place.n, n);
                    prop_assert_eq!(place.reference, if wide { reference } else { reference & 0xff });
                }
                None => prop_assert_eq!(parts.len(), 1),
            }
        }
        if !wide {
            let size = count::measure(&text).unwrap();
            prop_assert_eq!(size.parts, if text.is_empty() { 0 } else { parts.len() });
        }
        prop_assert!(parts.iter().all(|part| part.octets.len() <= 1 + 2 + 12 + 3 + 1 + 140));
    }

    #[test]
    fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(Incoming::Deliver(message)) = deliver::decode(&octets) {
            let _ = (message.text(), message.part());
        }
        if let Ok(message) = submit::decode(&octets) {
            let _ = data::text([&message.data.body]);
        }
    }

    #[test]
    fn a_damaged_pdu_is_read_or_refused_with_an_octet_in_it(
        which in 0..READINGS.len(), at: prop::sample::Index, octet: u8, cut: prop::sample::Index,
    ) {
        let mut octets = from_hex(READINGS[which].0).unwrap();
        let place = at.index(octets.len());
        octets[place] = octet;
        octets.truncate(cut.index(octets.len()) + 1);
        if let Err(bad) = deliver::decode(&octets) {
            prop_assert!(bad.octet <= octets.len(), "{bad:?}");
        }
    }

    #[test]
    fn packing_is_undone_by_unpacking(septets in prop::collection::vec(0u8..128, 0..200), fill in 0usize..7) {
        let packed = super::gsm7::pack(&septets, fill);
        prop_assert_eq!(super::gsm7::unpack(&packed, septets.len(), fill), septets);
    }
}
