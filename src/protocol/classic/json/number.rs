//! Numbers as CPython prints them.

/// CPython refuses to convert longer integers (`sys.int_info.default_max_str_digits`).
pub(super) const MAX_INTEGER_DIGITS: usize = 4_300;

/// The canonical text of an integer token: itself, but for `-0`.
pub(super) fn canonical_integer(token: &str) -> &str {
    if token == "-0" { "0" } else { token }
}

/// Prints a double as CPython's `repr` does: the shortest digits that read back, nearest to the value.
pub(super) fn write_double(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if value.is_infinite() {
        return out.extend_from_slice(b"Infinity");
    }
    let mut buffer = ryu::Buffer::new();
    let printed = buffer.format_finite(value.abs());
    let (mantissa, exponent) = printed.split_once('e').unwrap_or((printed, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let leading = all.iter().take_while(|digit| **digit == b'0').count();
    let trailing = all.iter().rev().take_while(|digit| **digit == b'0').count();
    let digits = all
        .get(leading..all.len() - trailing)
        .filter(|digits| !digits.is_empty())
        .unwrap_or(b"0");
    // Where the decimal point stands, counted in digits from the first one.
    let point = match exponent.parse::<isize>() {
        Ok(exponent) if value != 0.0 => whole.len() as isize - leading as isize + exponent,
        _ => 1,
    };
    write_layout(out, digits, point);
}

/// Fixed notation while the decimal exponent is at least -4 and below 16, as `repr` has it.
fn write_layout(out: &mut Vec<u8>, digits: &[u8], point: isize) {
    let count = digits.len() as isize;
    if (-3..=16).contains(&point) {
        if point <= 0 {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', point.unsigned_abs()));
            out.extend_from_slice(digits);
        } else {
            let (whole, fraction) = digits.split_at(point.min(count).unsigned_abs());
            out.extend_from_slice(whole);
            out.extend(std::iter::repeat_n(
                b'0',
                (point - count).max(0).unsigned_abs(),
            ));
            out.push(b'.');
            out.extend_from_slice(if fraction.is_empty() { b"0" } else { fraction });
        }
        return;
    }
    let (first, rest) = digits.split_at(1);
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    let exponent = point - 1;
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::write_double;

    #[test]
    fn doubles_print_as_cpython_prints_them() {
        let cases: [(f64, &str); 14] = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e22, "1e+22"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (9999999999999998.0, "9999999999999998.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (5e-324, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (2f64.powi(-44), "5.684341886080802e-14"),
            (123456.789, "123456.789"),
        ];
        for (value, expected) in cases {
            let mut out = Vec::new();
            write_double(&mut out, value);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
