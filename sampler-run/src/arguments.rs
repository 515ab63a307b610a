//! Arguments that need not be UTF-8, through a parser that takes text: what is no text is written in characters of its own, and read back.
//!
//! A byte that is not UTF-8 becomes one of 256 characters at the end of the private plane 16, U+10FE00 and the byte; these characters themselves, should an
//! argument have them, are written byte by byte in the same way. So every argument has a text of its own, and what is text already, nearly all there is,
//! stays as it is.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

const FIRST: u32 = 0x10FE00;

/// An argument as text.
pub fn to_text(argument: &OsStr) -> String {
    let mut text = String::with_capacity(argument.len());
    for chunk in argument.as_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            match byte_of(character) {
                None => text.push(character),
                Some(_) => {
                    let mut bytes = [0; 4];
                    let bytes = character.encode_utf8(&mut bytes).as_bytes();
                    text.extend(bytes.iter().map(|&byte| of_byte(byte)));
                }
            }
        }
        text.extend(chunk.invalid().iter().map(|&byte| of_byte(byte)));
    }
    text
}

/// The argument that such a text was made of.
pub fn from_text(text: &str) -> OsString {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match byte_of(character) {
            None => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
            Some(byte) => bytes.push(byte),
        }
    }
    OsString::from_vec(bytes)
}

/// The same for people to read, where U+FFFD stands for what is not UTF-8.
pub fn to_show(text: &str) -> String {
    from_text(text).to_string_lossy().into_owned()
}

fn of_byte(byte: u8) -> char {
    char::from_u32(FIRST + u32::from(byte)).expect("a character of plane 16")
}

fn byte_of(character: char) -> Option<u8> {
    u8::try_from(u32::from(character).checked_sub(FIRST)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_comes_back(bytes: &[u8]) -> String {
        let argument = OsStr::from_bytes(bytes);
        let text = to_text(argument);
        assert_eq!(from_text(&text), argument, "{bytes:x?}");
        text
    }

    #[test]
    fn text_stays_as_it_is() {
        for text in ["", "--out", "Zo\u{eb}", "\u{10FDFF}", "\u{10FF00}", "a\nb"] {
            assert_eq!(assert_comes_back(text.as_bytes()), text);
        }
    }

    #[test]
    fn every_byte_comes_back_alone_and_beside_every_other() {
        for first in 0..=255 {
            assert_comes_back(&[first]);
            for second in 0..=255 {
                assert_comes_back(&[first, second]);
                assert_comes_back(&[b'a', first, second, b'z']);
            }
        }
    }

    #[test]
    fn an_argument_of_the_characters_that_stand_for_bytes_is_another_than_those_bytes() {
        let own = "\u{10FEFF}";
        assert_ne!(assert_comes_back(own.as_bytes()), own);
        assert_ne!(assert_comes_back(b"\xff"), to_text(OsStr::new(own)));
    }
}
