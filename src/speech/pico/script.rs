//! Letters beyond those Pico knows: the plain ones that stand for some of them, and what the others are called.

/// Whether a character is a letter or a digit of some script, rather than a symbol. Emoji never are.
pub(crate) fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !('\u{1f000}'..='\u{1faff}').contains(&c)
}

/// Plain letters for a Latin one that has no decomposition.
pub(crate) fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ɖ' => "d",
        'Đ' | 'Ɖ' => "D",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'ȷ' => "j",
        'ĸ' => "k",
        'ŋ' => "ng",
        'Ŋ' => "Ng",
        'œ' => "oe",
        'Œ' => "Oe",
        'ẞ' => "SS",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ƒ' => "f",
        '⁄' => "/",
        'ə' => "e",
        'Ə' => "E",
        'ʻ' | 'ʼ' | 'ʾ' | 'ʿ' | 'ˈ' => "",
        _ => return None,
    })
}

/// What kind of letter it is, for a person to read.
pub(crate) fn describe(c: char) -> String {
    let name = match u32::from(c) {
        0x370..=0x3ff | 0x1f00..=0x1fff => "Greek letters",
        0x400..=0x52f | 0x1c80..=0x1c8f | 0x2de0..=0x2dff | 0xa640..=0xa69f => "Cyrillic letters",
        0x530..=0x58f => "Armenian letters",
        0x590..=0x5ff | 0xfb1d..=0xfb4f => "Hebrew letters",
        0x600..=0x6ff | 0x750..=0x77f | 0x8a0..=0x8ff | 0xfb50..=0xfdff | 0xfe70..=0xfeff => "Arabic letters",
        0x900..=0x97f => "Devanagari letters",
        0xe00..=0xe7f => "Thai letters",
        0x10a0..=0x10ff => "Georgian letters",
        0x1100..=0x11ff | 0x3130..=0x318f | 0xac00..=0xd7af => "Korean letters",
        0x3040..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f => "Japanese letters",
        0x2e80..=0x2fdf | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff => {
            "Chinese characters"
        }
        _ => return format!("the letter `{c}`"),
    };
    name.to_owned()
}
