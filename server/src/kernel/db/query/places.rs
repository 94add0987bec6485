//! The places `$n` of the arguments in a text, as SQLite and its driver want them.

use super::{Query, sql};

/// From so many arguments on their names are left out for SQLite.
const MANY_ARGS: usize = 40;

/// The text with `?` for each `$n`, where there are many and they stand in order. SQLite keeps the names of a statement's
/// arguments in a list that the driver walks for each of them, so that binding costs the square of their number.
pub(super) fn without_names(text: &str, args: usize) -> Option<String> {
    if args < MANY_ARGS {
        return None;
    }
    let mut unnamed = String::with_capacity(text.len());
    let mut rest = text;
    let mut place = 0usize;
    while let Some((head, tail)) = rest.split_once('$') {
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = tail.split_at(digits);
        place += 1;
        if number.parse() != Ok(place) {
            return None;
        }
        unnamed.push_str(head);
        unnamed.push('?');
        rest = tail;
    }
    unnamed.push_str(rest);
    (place == args).then_some(unnamed)
}

/// One text of several statements: SQLite's driver runs them in their order and counts `$n` through all.
pub(in crate::kernel::db) fn joined(queries: Vec<Query>) -> Query {
    let mut all = sql("");
    for query in queries {
        let before = all.args.len();
        let text = all.text.to_mut();
        let mut rest: &str = &query.text;
        while let Some((head, tail)) = rest.split_once('$') {
            let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = tail.split_at(digits);
            text.push_str(head);
            text.push('$');
            text.push_str(&(before + number.parse::<usize>().unwrap_or(0)).to_string());
            rest = tail;
        }
        text.push_str(rest);
        text.push(';');
        all.args.extend(query.args);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{joined, sql, without_names};

    #[test]
    fn many_arguments_in_order_lose_their_names() {
        let many = (0..40).fold(sql("A"), |query, n| query.push(" ").arg(n));
        let text = without_names(many.text(), many.args.len());
        assert_eq!(text, Some(format!("A{}", " ?".repeat(40))));
        assert_eq!(without_names("A $1", 1), None, "few keep them");
        let again = many.push(" $1");
        assert_eq!(without_names(again.text(), again.args.len()), None, "one that stands twice");
    }

    #[test]
    fn joined_statements_count_their_arguments_through() {
        let all = joined(vec![sql("A $1, $2").bind(1).bind(2), sql("B"), sql("C $2 $1").bind(3).bind(4)]);
        assert_eq!(all.text(), "A $1, $2;B;C $4 $3;");
        assert_eq!(all.args.len(), 4);
    }
}
