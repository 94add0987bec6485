//! What is burnt into a visit's photos. In Chinese for everybody: the picture outlives the reader's setting.

use crate::kernel::clock::{self, Millis};
use crate::kernel::i18n::{Lang, t};
use crate::visits::rules::Flag;
use crate::visits::store::Visit;

/// The lines: when and who, whose shop, where.
pub fn lines(visit: &Visit, rep: &str, now: Millis) -> Vec<String> {
    let lang = Lang::Zh;
    let mut lines = vec![format!("{}  {rep}", clock::iso_minute(now)), visit.row.customer_name.clone()];
    if !visit.row.address.is_empty() {
        lines.push(visit.row.address.clone());
    }
    lines.push(match visit.in_lat.zip(visit.in_lng) {
        None => Flag::NoFix.name(lang).into_owned(),
        Some((lat, lng)) => {
            let accuracy = visit.in_accuracy.map(|metres| format!(" ±{metres:.0}m")).unwrap_or_default();
            let distance = visit
                .row
                .in_distance
                .map(|metres| format!("  {}", t!(lang, "visits.from_customer", distance = metres_text(metres, lang))))
                .unwrap_or_default();
            format!("{lat:.5}, {lng:.5}{accuracy}{distance}")
        }
    });
    lines
}

/// `80 米`, `1.2 公里`.
pub fn metres_text(metres: i64, lang: Lang) -> String {
    if metres < 1000 {
        t!(lang, "visits.metres", n = metres).into_owned()
    } else {
        t!(lang, "visits.kilometres", n = format!("{}.{}", metres / 1000, metres % 1000 / 100)).into_owned()
    }
}
