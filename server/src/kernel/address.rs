//! Addresses with a query.

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

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn values_are_escaped_and_empty_ones_left_out() {
        assert_eq!(address("/customers", &[("q", "农资&1"), ("view", "")]), "/customers?q=%E5%86%9C%E8%B5%84%261");
        assert_eq!(address("/customers?view=mine", &[("page", "2")]), "/customers?view=mine&page=2");
        assert_eq!(address("/customers", &[]), "/customers");
    }
}
