//! The formats of `PyArg_Parse*`, taken apart. Source: C-API, "Parsing arguments and building values".

/// One unit of a format: what one argument is converted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A letter with what follows it: `#`, `*`, `!`, `&`, or NUL for nothing.
    One { code: u8, suffix: u8 },
    /// `es` or `et`, with or without a length.
    Encoded { text_only: bool, counted: bool },
    /// `(...)`: a sequence of that many items.
    Nested(Vec<Unit>),
}

/// A whole format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Format {
    pub units: Vec<Unit>,
    /// The first unit that need not be given (`|`).
    pub optional_from: Option<usize>,
    /// The first unit that must be given by name (`$`).
    pub named_from: Option<usize>,
    /// The function's name (`:`), for messages.
    pub function: Option<String>,
    /// What a message says instead (`;`).
    pub message: Option<String>,
}

impl Format {
    /// None for a format that is wrong.
    pub fn parse(format: &[u8]) -> Option<Self> {
        let mut parsed = Self::default();
        let mut rest = format;
        while let Some((first, following)) = rest.split_first() {
            rest = following;
            let words = || String::from_utf8_lossy(following).into_owned();
            match first {
                b'|' => parsed.optional_from = Some(parsed.units.len()),
                b'$' => parsed.named_from = Some(parsed.units.len()),
                b':' => {
                    parsed.function = Some(words());
                    break;
                }
                b';' => {
                    parsed.message = Some(words());
                    break;
                }
                b' ' | b',' => {}
                _ => parsed.units.push(unit(*first, &mut rest)?),
            }
        }
        Some(parsed)
    }

    /// How many arguments must be given.
    pub fn required(&self) -> usize {
        self.optional_from.unwrap_or(self.units.len())
    }

    /// `name()` or `function`, as messages begin.
    pub fn subject(&self) -> String {
        self.function
            .as_ref()
            .map_or_else(|| "function".to_owned(), |name| format!("{name}()"))
    }
}

fn unit(first: u8, rest: &mut &[u8]) -> Option<Unit> {
    let mut next_if = |wanted: &[u8]| {
        let (found, following) = rest.split_first()?;
        wanted.contains(found).then(|| {
            *rest = following;
            *found
        })
    };
    Some(match first {
        b'(' => {
            let mut units = Vec::new();
            loop {
                let (inner, following) = rest.split_first()?;
                *rest = following;
                match inner {
                    b')' => return Some(Unit::Nested(units)),
                    _ => units.push(unit(*inner, rest)?),
                }
            }
        }
        b'e' => {
            let kind = next_if(b"st")?;
            let counted = next_if(b"#").is_some();
            Unit::Encoded {
                text_only: kind == b's',
                counted,
            }
        }
        b's' | b'z' | b'y' => Unit::One {
            code: first,
            suffix: next_if(b"#*").unwrap_or(0),
        },
        b'w' => Unit::One {
            code: first,
            suffix: next_if(b"*")?,
        },
        b'O' => Unit::One {
            code: first,
            suffix: next_if(b"!&").unwrap_or(0),
        },
        _ if b"bBhHiIlkLKnpcCfdDSYU".contains(&first) => Unit::One {
            code: first,
            suffix: 0,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_taken_apart() {
        let one = |code, suffix| Unit::One { code, suffix };
        let format = Format::parse(b"s#(iO!)|es#$p:name").expect("a good format");
        assert_eq!(
            format.units,
            [
                one(b's', b'#'),
                Unit::Nested(vec![one(b'i', 0), one(b'O', b'!')]),
                Unit::Encoded {
                    text_only: true,
                    counted: true
                },
                one(b'p', 0),
            ]
        );
        assert_eq!((format.required(), format.named_from), (2, Some(3)));
        assert_eq!(format.subject(), "name()");
        assert_eq!(
            Format::parse(b"i;words").expect("good").message.as_deref(),
            Some("words")
        );
        assert!(Format::parse(b"(i").is_none() && Format::parse(b"q").is_none());
    }
}
