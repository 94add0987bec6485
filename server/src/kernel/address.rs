//! Addresses with a query, and addresses that somebody else names.

use reqwest::Url;

/// `path` with what of `query` is not empty, behind a query that `path` may have already.
#[must_use]
pub fn address(path: &str, query: &[(&str, &str)]) -> String {
    query.iter().filter(|(_, value)| !value.is_empty()).fold(path.to_owned(), |mut address, (name, value)| {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        address
    })
}

/// A site that nobody has: what stays on it, relative to it, stays on ours.
const SITE: &str = "http://site.invalid";

/// The path, query and fragment that a browser would open for `target`, if that is on this site. `next`, `back` and
/// every other target that a request brought goes through here before it is written into an answer.
#[must_use]
pub fn local(target: &str) -> Option<String> {
    // A browser drops tabs and line ends, and reads a backslash as a slash: such a target is not one of ours.
    if !target.starts_with('/') || target.chars().any(|c| c.is_control() || c == '\\') {
        return None;
    }
    let site = Url::parse(SITE).ok()?;
    let url = site.join(target).ok()?;
    let path = url.path();
    let hidden = ["%00", "%09", "%0a", "%0d", "%2f", "%5c"];
    let lower = path.to_ascii_lowercase();
    if url.origin() != site.origin() || path.starts_with("//") || hidden.iter().any(|code| lower.contains(code)) {
        return None;
    }
    Some(url.as_str().strip_prefix(SITE)?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{address, local};

    #[test]
    fn what_stays_on_this_site_is_known_from_what_leaves_it() {
        for target in ["/", "/orders/1?page=2", "/visits?q=a%0Ab#x", "/a/../b", "/orders?next=//x", "/a@b:80/"] {
            assert!(local(target).is_some_and(|address| address.starts_with('/')), "{target}");
        }
        assert_eq!(local("/customers?q=农资").as_deref(), Some("/customers?q=%E5%86%9C%E8%B5%84"));
        for target in [
            "",
            "orders",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/%09/evil.example",
            "/%2F/evil.example",
            "/%5cevil.example",
            "/.//evil.example",
            "/x/..//evil.example",
            "\t//evil.example",
            " //evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "http://site.invalid/x",
            "/a\r\nSet-Cookie: x",
            "/\u{0}",
            "/\u{85}",
        ] {
            assert_eq!(local(target), None, "{target:?}");
        }
    }

    #[test]
    fn values_are_escaped_and_empty_ones_left_out() {
        assert_eq!(address("/customers", &[("q", "农资&1"), ("view", "")]), "/customers?q=%E5%86%9C%E8%B5%84%261");
        assert_eq!(address("/customers?view=mine", &[("page", "2")]), "/customers?view=mine&page=2");
        assert_eq!(address("/customers", &[]), "/customers");
    }
}
