//! Patterns for `LIKE … ESCAPE '!'` on normalised columns.

/// What a search box's text becomes: lower case, inner blanks single, and a pattern that finds it anywhere.
#[must_use]
pub fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for word in text.split_whitespace() {
        if pattern.len() > 1 {
            pattern.push(' ');
        }
        for letter in word.chars().filter(|letter| !letter.is_control()).flat_map(char::to_lowercase).take(100) {
            if matches!(letter, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(letter);
        }
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn wildcards_of_the_typist_are_plain_letters() {
        assert_eq!(containing("  50%  Ab_c "), "%50!% ab!_c%");
        assert_eq!(containing(""), "%%");
    }
}
