//! Scripts nobody would write: seeded, so that each can be had again.

use std::fmt::Write;

/// A generator of numbers, `SplitMix64`: every seed gives another sequence, the same everywhere.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % n.max(1) as u64).unwrap_or(0)
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'t>(&mut self, among: &[&'t str]) -> &'t str {
        among[self.below(among.len())]
    }
}

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "0.5",
    "2.5",
    "3",
    "-0.0",
    "1e400",
    "1e308",
    "nan",
    "inf",
    "-inf",
    "1e18",
    "86400",
    "86401",
    "3600",
    "3600.1",
    "9223372036854775807",
    "99999999999999999999",
    "0x7fff",
    "-120",
    "40",
    "0.25",
    "4",
    "1e-9",
    "1_000",
];
const STRANGE: &[&str] = &[
    "true",
    "false",
    "1979-05-27",
    "07:32:00",
    "[]",
    "{}",
    "[[[]]]",
    "[1, 2, 3]",
    "{ a = { b = 1 } }",
    "\"\"",
    "''",
    "\"\\u0000\"",
    "\"\\u001b[31m\"",
    "\"\\u202e\"",
    "\"\u{9b}\"",
    "'''\nx'''",
    "\"\"\"\nline {k} two\"\"\"",
    "\"é\u{301}𝄞\"",
    "\"..\"",
    "\"/etc/passwd\"",
    "\"sfx\"",
    "[\"a\", 1]",
    "[0.1, 0.1]",
    "[9, 9]",
    "{ same = 0.1 }",
    "01",
    "=",
    "\"unclosed",
    "[1,",
    "{ a = ",
    "\"\\q\"",
];
const IDS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "e",
    "one",
    "two",
    "tick",
    "tick-2",
    "ann-yes",
    "ann-yes-2",
    "pause",
    "é",
    "prev",
    "",
];
const BASES: &[&str] =
    &["prev", "scene", "episode", "a", "b", "c", "d", "e", "one", "two", "tick", "ann-yes", "nobody", "é"];
const EDGES: &[&str] = &[
    ".start",
    ".end",
    ".hit",
    ".word(1)",
    ".word(2)",
    ".word(99999999999)",
    "@k",
    "@m",
    "@é",
    ".middle",
    ".",
    "@",
];
const OFFSETS: &[&str] = &[
    "",
    "",
    "",
    "+1s",
    "-1s",
    "+300ms",
    "-0.5s",
    "+ 2s",
    "-86400s",
    "+86400s",
    "+1e9s",
    "-",
    "+1",
    "++1s",
    "\u{a0}+1s",
];
const TEXTS: &[&str] = &[
    "Yes.",
    "Yes. {k}No.",
    "{k}",
    "{",
    "}",
    "{{k}}",
    "{k}{k}",
    "{0.5s}Yes {m}",
    "A {1e9s} b",
    "— … {k}—",
    "  ",
    "Привет, {m}мир",
    "\\\"quoted\\\" {k}",
    "one two {599s} three {599s}",
    "{86400s} well",
    "é\u{301}{k}é",
    "a{k}b",
    "{ k }",
    "{99}",
    "{\u{202e}}",
    "\\u0007{k}",
];
const SOUNDS: &[&str] = &["tick", "tock", "gone", "tick", "tick", "nosuch", "é"];
const KEYS: &[&str] = &[
    "id",
    "by",
    "line",
    "pause",
    "sfx",
    "music",
    "bed",
    "mark",
    "group",
    "script",
    "at",
    "advance",
    "from",
    "to",
    "in",
    "out",
    "gain",
    "fade",
    "speed",
    "loop",
    "bus",
    "until",
    "pan",
    "as",
    "distance",
    "through",
    "mood",
    "voice",
    "é",
    "\"\"",
    "\"a b\"",
    "a.b",
    "line.x",
    "lin",
    "\"\\u001b\"",
];

/// A whole script.
pub(crate) fn script(dice: &mut Dice) -> String {
    let mut out = String::new();
    if dice.once_in(20) {
        out.push('\u{feff}');
    }
    if !dice.once_in(30) {
        out += "format = 1\n";
    }
    if !dice.once_in(30) {
        out += "title = \"T\"\n";
    }
    for _ in 0..dice.below(3) {
        if dice.once_in(3) {
            let key = dice.pick(&[
                "gap",
                "include",
                "deliver",
                "gain",
                "cast",
                "scene",
                "x",
                "a.b.c",
                "sound.tick.hit",
            ]);
            let _ = writeln!(out, "{key} = {}", value(dice));
        }
    }
    if dice.once_in(6) {
        let include = dice.pick(&[
            "[\"shared.toml\"]",
            "[\"./shared.toml\", \"shared.toml\"]",
            "[\"script/test.toml\"]",
            "[\"x/../script/./test.toml\"]",
            "[\"..\"]",
            "[\"loop.toml\"]",
            "[\"\"]",
            "[1]",
        ]);
        let _ = writeln!(out, "include = {include}");
    }
    out += "[cast.ann]\n";
    settings(dice, &mut out, "\n");
    out += "[cast.ben]\npan = 0.2\n[sound.tick]\nfile = \"sfx/tick.toml\"\n";
    if dice.once_in(3) {
        let _ = writeln!(out, "{} = {}", dice.pick(&["hit", "in", "out", "gain"]), value(dice));
    }
    out +=
        "[sound.tock]\nfile = \"sfx/tock-tock-tock.wav\"\nhit = 0.5\n[sound.gone]\nfile = \"sfx/gone.wav\"\n";
    out += "[place.hall]\ntone = { sound = \"tock\" }\n";
    if dice.once_in(4) {
        let _ = writeln!(
            out,
            "[bus.{}]\nduck = {}",
            dice.pick(&["music", "own", "dialogue", "\"é\""]),
            dice.pick(&[
                "{ under = \"dialogue\" }",
                "{ under = [] }",
                "[{ under = \"own\" }, { under = 1 }]",
                "{ under = \"nosuch\" }",
                "1",
            ])
        );
    }
    if dice.once_in(4) {
        let _ = writeln!(
            out,
            "[bus.{}]\n{}",
            dice.pick(&["effects", "echo", "ambience"]),
            dice.pick(&[
                "sends = { echo = -6, effects = 0 }",
                "sends = { nosuch = 1e300 }\nroom = \"hall\"",
                "eq = [{ highpass = 80 }, { peak = 300, gain = -3, q = 9 }, { lowpass = nan }, 1]",
                "eq = { highshelf = 8000, gain = 3 }\ncompress = { threshold = -30 }",
                "compress = { ratio = inf, attack = -1 }\nsends = []",
            ])
        );
    }
    for scene in 0..1 + dice.below(3) {
        let id = dice.pick(&["one", "two", "three", "a", "é"]);
        let _ = writeln!(
            out,
            "[[scene]]\nid = \"{id}{}\"",
            if dice.once_in(9) { String::new() } else { scene.to_string() }
        );
        if dice.once_in(3) {
            let _ = writeln!(out, "place = \"{}\"", dice.pick(&["hall", "hall", "nowhere"]));
        }
        settings(dice, &mut out, "\n");
        out += "script = [\n";
        entries(dice, &mut out, 0);
        out += "]\n";
    }
    if dice.once_in(10) {
        out = out.replace('\n', "\r\n");
    }
    out
}

fn entries(dice: &mut Dice, out: &mut String, depth: usize) {
    for _ in 0..dice.below(7) {
        if dice.once_in(40) {
            let _ = writeln!(out, "{},", value(dice));
            continue;
        }
        out.push_str("{ ");
        let kind = dice.below(9);
        match kind {
            0..=2 => {
                let _ = write!(
                    out,
                    "by = \"{}\", line = \"{}\"",
                    dice.pick(&["ann", "ben", "ann", "cat"]),
                    dice.pick(TEXTS)
                );
            }
            3 => {
                let _ = write!(out, "pause = {}", if dice.once_in(4) { value(dice) } else { "1".to_owned() });
            }
            4 => {
                let _ = write!(out, "sfx = \"{}\"", dice.pick(SOUNDS));
            }
            5 => {
                let _ = write!(out, "music = \"{}\"", dice.pick(SOUNDS));
            }
            6 => {
                let _ = write!(out, "bed = \"{}\"", dice.pick(SOUNDS));
            }
            7 => {
                let _ = write!(out, "mark = \"{}\"", dice.pick(IDS));
            }
            _ if depth < 3 => {
                let _ =
                    write!(out, "group = \"{}\"", dice.pick(&["together", "sequence", "together", "apart"]));
                if dice.once_in(3) {
                    let _ = write!(
                        out,
                        ", until = \"{}\"",
                        dice.pick(&["last", "first", "a", "tick", "nosuch", ""])
                    );
                }
                out.push_str(", script = [\n");
                entries(dice, out, depth + 1);
                out.push(']');
            }
            _ => out.push_str("pause = 0"),
        }
        if kind != 7 && dice.once_in(3) {
            let _ = write!(out, ", id = \"{}\"", dice.pick(IDS));
        }
        if kind != 6 && kind != 3 && dice.once_in(3) {
            let _ = write!(out, ", at = \"{}\"", anchor(dice));
        }
        if kind == 6 && dice.once_in(2) {
            let _ = write!(out, ", from = \"{}\"", anchor(dice));
        }
        if (4..=6).contains(&kind) && dice.once_in(2) {
            let _ = write!(out, ", to = \"{}\"", anchor(dice));
        }
        if kind != 3 && kind != 7 {
            settings(dice, out, ", ");
        }
        if kind < 3 || (4..=6).contains(&kind) {
            playback(dice, out);
        }
        if dice.once_in(15) {
            let _ = write!(out, ", {} = {}", dice.pick(KEYS), value(dice));
        }
        out.push_str(dice.pick(&[" },\n", " },\n", " },", " } , # é\n", "},\n"]));
    }
}

fn playback(dice: &mut Dice, out: &mut String) {
    for key in ["in", "out", "speed", "fade", "loop", "advance"] {
        if dice.once_in(12) {
            let _ = write!(
                out,
                ", {key} = {}",
                if dice.once_in(3) {
                    value(dice)
                } else {
                    dice.pick(&["0.1", "0.5", "1", "2", "[0.1, 0.2]", "true", "\"end\"", "\"none\""])
                        .to_owned()
                }
            );
        }
    }
}

fn settings(dice: &mut Dice, out: &mut String, between: &str) {
    for (key, usual) in
        [("gain", "-120"), ("pan", "-1"), ("bus", "\"music\""), ("as", "\"far\""), ("mood", "\"cold\"")]
    {
        if dice.once_in(15) {
            let value = if dice.once_in(4) { value(dice) } else { usual.to_owned() };
            let _ = if between == "\n" {
                writeln!(out, "{key} = {value}")
            } else {
                write!(out, "{between}{key} = {value}")
            };
        }
    }
}

fn anchor(dice: &mut Dice) -> String {
    // Most are of a form that is read, so that what comes after reading is reached too.
    let edges = if dice.once_in(6) { EDGES } else { &EDGES[..4] };
    let offsets = if dice.once_in(6) { OFFSETS } else { &OFFSETS[..6] };
    format!("{}{}{}", dice.pick(BASES), dice.pick(edges), dice.pick(offsets))
}

fn value(dice: &mut Dice) -> String {
    match dice.below(12) {
        0..=4 => dice.pick(NUMBERS).to_owned(),
        5 => format!("\"{}\"", dice.pick(IDS)),
        6 => format!("\"{}\"", anchor(dice)),
        // The last ones are no TOML at all.
        11 => dice.pick(STRANGE).to_owned(),
        _ => dice.pick(&STRANGE[..STRANGE.len() - 6]).to_owned(),
    }
}

/// A script changed at a few places: lines taken out, doubled and swapped, values replaced by others; in one of three
/// also characters, which mostly leaves no TOML.
pub(crate) fn mutated(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..1 + dice.below(6) {
        let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
        match dice.below(8) {
            0 => drop(lines.remove(one)),
            1 => lines.insert(other, lines[one].clone()),
            2 => lines.swap(one, other),
            _ => lines[one] = with_other_value(&lines[one], dice),
        }
    }
    let text = lines.join("\n");
    if dice.once_in(3) { with_other_characters(text, dice) } else { text }
}

/// A line with the contents of one of its strings, or one of its numbers, replaced.
fn with_other_value(line: &str, dice: &mut Dice) -> String {
    let quotes: Vec<usize> = line.match_indices('"').map(|(at, _)| at).collect();
    if quotes.len() >= 2 && !dice.once_in(3) {
        let first = dice.below(quotes.len() / 2) * 2;
        let new = match dice.below(3) {
            0 => anchor(dice),
            1 => dice.pick(TEXTS).to_owned(),
            _ => dice.pick(IDS).to_owned(),
        };
        return format!("{}{new}{}", &line[..=quotes[first]], &line[quotes[first + 1]..]);
    }
    let digit = |c: char| c.is_ascii_digit();
    let Some(start) = line.find(digit) else { return line.to_owned() };
    let rest = line[start..].trim_start_matches(|c| digit(c) || c == '.');
    format!("{}{}{rest}", &line[..start], dice.pick(NUMBERS))
}

/// A text with characters taken out, doubled or put in.
fn with_other_characters(mut text: String, dice: &mut Dice) -> String {
    for _ in 0..1 + dice.below(4) {
        let from = text.floor_char_boundary(dice.below(text.len() + 1));
        let reach = if dice.once_in(3) { 200 } else { 8 };
        let to = text.ceil_char_boundary((from + dice.below(reach)).min(text.len()));
        match dice.below(6) {
            0 => text.replace_range(from..to, ""),
            1 => text = format!("{}{}", &text[..to], &text[from..]),
            2 => text.insert_str(from, dice.pick(STRANGE)),
            3 => text.insert_str(from, dice.pick(NUMBERS)),
            4 => text.insert_str(
                from,
                dice.pick(&[
                    "{", "}", "[", "]", "\"", "'", "=", ",", "\n", "\r", "\0", "\u{feff}", "\u{9b}", "é",
                    "𝄞", "#", "\\", ".", "\"\"\"", "\u{2028}",
                ]),
            ),
            _ if dice.once_in(10) => text.truncate(from),
            _ => text.replace_range(from..to, &anchor(dice)),
        }
    }
    text
}
