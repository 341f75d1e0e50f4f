//! Percent-encoding of a login in an address (RFC 3986, section 2): Rust's `url` takes it, but does not give it back.

/// Every byte but the unreserved letters becomes `%40` and the like.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// `%40` back to `@`. A `%` without two digits behind it is a percent sign that somebody did not encode; a text that would
/// not be UTF-8 any more stays as it is.
pub fn decoded(text: &str) -> String {
    let mut out: Vec<u8> = vec![];
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |i: usize| tail.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.extend(u8::try_from(high * 16 + low));
                rest = &tail[2..];
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_encoded_stays() {
        assert_eq!(decoded("a%40b%zz%"), "a@b%zz%");
        assert_eq!(decoded("%FF"), "%FF");
        assert_eq!(encoded("p@ss w#rd~"), "p%40ss%20w%23rd~");
    }

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out(text: String) {
            proptest::prop_assert_eq!(decoded(&encoded(&text)), text);
        }

        #[test]
        fn wild_text_is_decoded_without_a_panic(text in "[%0-9a-fA-Fü]{0,20}") {
            let _ = decoded(&text);
        }
    }
}
