//! Points on the earth. Records hold WGS-84, as phones measure it; Chinese map programs want GCJ-02.

use std::f64::consts::PI;

/// Metres of the mean radius, as the usual great-circle formula takes it.
const EARTH: f64 = 6_371_000.0;
/// Krasovsky's ellipsoid, on which GCJ-02 is defined.
const AXIS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

/// A place in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Latitude.
    pub lat: f64,
    /// Longitude.
    pub lng: f64,
}

impl Point {
    /// A place, if the numbers can be one.
    #[must_use]
    pub fn new(lat: f64, lng: f64) -> Option<Point> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng)).then_some(Point { lat, lng })
    }

    /// Great-circle distance in whole metres.
    #[must_use]
    pub fn metres_to(self, other: Point) -> i64 {
        let (from, to) = (self.lat.to_radians(), other.lat.to_radians());
        let (dlat, dlng) = ((to - from) / 2.0, (other.lng - self.lng).to_radians() / 2.0);
        let chord = dlat.sin().powi(2) + from.cos() * to.cos() * dlng.sin().powi(2);
        // At most half the earth's girth, so the conversion is exact enough and never overflows.
        #[allow(clippy::cast_possible_truncation)]
        let metres = (2.0 * EARTH * chord.sqrt().min(1.0).asin()).round() as i64;
        metres
    }

    /// The same place in GCJ-02, the datum of amap, Tencent and (by `coord_type`) Baidu. Outside the
    /// mainland's box the two are the same.
    #[must_use]
    pub fn gcj02(self) -> Point {
        if !((0.8293..=55.8271).contains(&self.lat) && (72.004..=137.8347).contains(&self.lng)) {
            return self;
        }
        let (x, y) = (self.lng - 105.0, self.lat - 35.0);
        let wave = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
        let dlat = -100.0
            + 2.0 * x
            + 3.0 * y
            + 0.2 * y * y
            + 0.1 * x * y
            + 0.2 * x.abs().sqrt()
            + wave
            + (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0
            + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
        let dlng = 300.0
            + x
            + 2.0 * y
            + 0.1 * x * x
            + 0.1 * x * y
            + 0.1 * x.abs().sqrt()
            + wave
            + (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0
            + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
        let radians = self.lat.to_radians();
        let magic = 1.0 - ECCENTRICITY * radians.sin().powi(2);
        let meridian = AXIS * (1.0 - ECCENTRICITY) / (magic * magic.sqrt());
        let parallel = AXIS / magic.sqrt() * radians.cos();
        Point { lat: self.lat + (dlat / meridian).to_degrees(), lng: self.lng + (dlng / parallel).to_degrees() }
    }
}

/// The map programs that people in China use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapApp {
    /// 高德
    Amap,
    /// 百度
    Baidu,
    /// 腾讯
    Tencent,
}

impl MapApp {
    /// All, the most used first.
    pub const ALL: [MapApp; 3] = [MapApp::Amap, MapApp::Baidu, MapApp::Tencent];

    /// The address that opens the program, or its web page where it is not installed: the way to a point,
    /// or a search for an address where no point is known yet.
    #[must_use]
    pub fn link(self, point: Option<Point>, name: &str, address: &str) -> String {
        let (name, place) = (escape(name), escape(if address.is_empty() { name } else { address }));
        let Some(Point { lat, lng }) = point.map(Point::gcj02) else {
            return match self {
                MapApp::Amap => format!("https://uri.amap.com/search?keyword={place}&callnative=1"),
                MapApp::Baidu => {
                    format!("https://api.map.baidu.com/geocoder?address={place}&output=html&src=fieldline")
                }
                MapApp::Tencent => {
                    format!("https://apis.map.qq.com/uri/v1/search?keyword={place}&referer=fieldline")
                }
            };
        };
        match self {
            MapApp::Amap => format!(
                "https://uri.amap.com/navigation?to={lng:.6},{lat:.6},{name}&mode=car&coordinate=gaode&callnative=1"
            ),
            MapApp::Baidu => format!(
                "https://api.map.baidu.com/marker?location={lat:.6},{lng:.6}&title={name}&content={place}&coord_type=gcj02&output=html&src=fieldline"
            ),
            MapApp::Tencent => format!(
                "https://apis.map.qq.com/uri/v1/marker?marker=coord:{lat:.6},{lng:.6};title:{name};addr:{place}&referer=fieldline"
            ),
        }
    }
}

/// Percent-encodes a value of a link.
#[must_use]
pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{MapApp, Point};

    #[test]
    fn distances_are_those_of_the_map() {
        let weifang = Point { lat: 36.7069, lng: 119.1618 };
        let linqu = Point { lat: 36.5126, lng: 118.5442 };
        let metres = weifang.metres_to(linqu);
        assert!((58_000..60_500).contains(&metres), "{metres}");
        assert_eq!(weifang.metres_to(weifang), 0);
        let antipode = Point { lat: -36.7069, lng: -60.8382 }.metres_to(weifang);
        assert!((20_000_000..20_020_000).contains(&antipode), "{antipode}");
    }

    #[test]
    fn the_shifted_datum_agrees_with_the_published_example() {
        let shifted = Point { lat: 39.908_823, lng: 116.397_470 }.gcj02();
        assert!((shifted.lat - 39.910_225).abs() < 0.000_02, "{shifted:?}");
        assert!((shifted.lng - 116.403_713).abs() < 0.000_02, "{shifted:?}");
        let abroad = Point { lat: 48.8584, lng: 2.2945 };
        assert_eq!(abroad.gcj02(), abroad);
    }

    #[test]
    fn links_escape_names_and_search_without_a_point() {
        let link = MapApp::Amap.link(None, "惠民&农资", "");
        assert!(link.contains("keyword=%E6%83%A0") && !link.contains("&农"), "{link}");
        assert_eq!(Point::new(91.0, 0.0), None);
        assert_eq!(Point::new(f64::NAN, 0.0), None);
    }
}
