//! Buses from a script: what ducks do, measured in the file; music that stops; buses that send to others.

use super::{level, moment, rendered, script, timeline};
use crate::show::TestShow;

/// Every bus treated; `duck` is what the music gives way with.
fn treated(duck: &str) -> String {
    format!(
        "[sound.theme]\nfile = \"sfx/theme.wav\"\n\
         [bus.dialogue]\neq = [{{ highpass = 80 }}, {{ peak = 3000, gain = 2 }}]\ncompress = {{ threshold = -24 }}\n\
         [bus.music]\neq = [{{ highpass = 40, order = 4 }}, {{ highshelf = 6000, gain = -3 }}]\n\
         compress = {{ threshold = -30, ratio = 2, attack = 0.03, release = 0.3, makeup = 2 }}\n{duck}\n"
    )
}

/// Ten seconds of something like music: steady noise.
fn theme() -> Vec<f32> {
    let noise = |n: u32| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    (0..480_000).map(|n| noise(n) * 0.2).collect()
}

#[test]
fn ducks_measured_in_the_file_are_what_the_script_says() {
    // Music on the left, words on the right; two lines with a short pause between them, and one after a long one.
    let entries = r#"{ music = "theme", pan = -1, advance = "none" }, { pause = 2 },
        { id = "a", by = "ann", line = "Are you there?", pan = 1 }, { pause = 0.8 },
        { id = "b", by = "ben", line = "Yes.", pan = 1 }, { pause = 3 },
        { id = "c", by = "ann", line = "Good.", pan = 1 }"#;
    for (by, attack, hold, release) in [(-9.0, 0.25, 0.6, 0.9), (-14.0, 0.4, 0.2, 0.5)] {
        let duck = format!(
            "duck = {{ under = \"dialogue\", by = {by}, attack = {attack}, hold = {hold}, release = {release} }}"
        );
        let show = |duck: &str| {
            TestShow::with_script(&script(&treated(duck), entries)).clip("sfx/theme.wav", &theme())
        };
        let (with, without) = (show(&duck), show(""));
        let timeline = timeline(&with, &[]);
        let [ducked, words] = rendered(&with, &[]);
        let [plain, _] = rendered(&without, &[]);
        // One gain for each millisecond, over 5 ms around it.
        let gains: Vec<f64> = (0..9800)
            .map(|ms| ms * 48)
            .map(|at: usize| (at.saturating_sub(120), at + 120))
            .map(|(from, to)| level(&ducked[from..to]) - level(&plain[from..to]))
            .collect();
        let ms = |id: &str, edge: &str| moment(&timeline, id, edge) / 48;
        let span = |from: usize, to: usize, wanted: f64| {
            for (at, gain) in gains.iter().enumerate().take(to).skip(from) {
                assert!((gain - wanted).abs() < 0.5, "{by} dB: {gain:.2} dB at {at} ms, wanted {wanted}");
            }
        };
        let time = |seconds: f64| (seconds * 1000.0) as usize;
        for (first, last) in [("a", "b"), ("c", "c")] {
            let (start, end) = (ms(first, "start"), ms(last, "end"));
            let held = end + time(hold);
            // Not yet, down from the first word to the end of the hold, up again.
            span(start - time(attack) - 200, start - time(attack) - 20, 0.0);
            span(start, held, by);
            span(held + time(release) + 20, held + time(release) + 200, 0.0);
            // Half way, in dB.
            let half = |from: usize, down: bool| {
                let rest = gains[from..].iter();
                from + rest.take_while(|gain| (**gain > by / 2.0) == down).count()
            };
            let down = half(start - time(attack), true);
            assert!(down.abs_diff(start - time(attack / 2.0)) < 20, "half down at {down} ms");
            let up = half(held, false);
            assert!(up.abs_diff(held + time(release / 2.0)) < 20, "half up at {up} ms");
            // The way down is over before the first word is heard.
            let heard = words[start * 48 - 4800..].iter().position(|x| x.abs() > 1e-4).expect("a word");
            assert!(heard + start * 48 - 4800 >= start * 48);
        }
    }
}

/// What is left of a file above 6 kHz, its highest point, dBFS: crude, by differences, which raise the highs.
fn click(samples: &[f32]) -> f64 {
    let mut rest: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
    for _ in 0..4 {
        rest = rest.windows(2).map(|pair| (pair[1] - pair[0]) / 2.0).collect();
    }
    20.0 * rest.iter().fold(0.0_f64, |peak, x| peak.max(x.abs())).max(1e-12).log10()
}

#[test]
fn music_that_stops_at_an_anchor_does_not_click_and_leaves_silence() {
    let tone: Vec<f32> = (0..480_000).map(|n| (n as f32 * 110.0 * 0.000_130_9).sin() * 0.5).collect();
    let show = |stop: &str| {
        let entries = format!(
            r#"{{ music = "theme", pan = -1, advance = "none", {stop} }}, {{ pause = 3.0021 }},
               {{ mark = "now" }}, {{ pause = 1 }}"#
        );
        let plain = "[sound.theme]\nfile = \"sfx/theme.wav\"\n[bus.music]\ncompress = { threshold = -30 }\n";
        TestShow::with_script(&script(plain, &entries)).clip("sfx/theme.wav", &tone)
    };
    for stop in [r#"to = "now.start""#, r#"to = "now.start", cut = true, fade = [3, 0]"#] {
        let show = show(stop);
        let at = moment(&timeline(&show, &[]), "now", "start");
        let [left, _] = rendered(&show, &[]);
        assert!(left[at..].iter().all(|x| *x == 0.0), "{stop}");
        assert!(level(&left[at - 9600..at - 480]) > -30.0);
        let mut torn = left[at - 4800..at - 96].to_vec();
        torn.resize(4800, 0.0);
        let (stops, torn) = (click(&left[at - 4800..at + 480]), click(&torn));
        assert!(
            stops < -75.0 && torn > stops + 25.0,
            "{stop}: {stops:.1} dBFS, {torn:.1} if it were torn off"
        );
    }
}

/// A voice that sends to a bus in a church, which the script describes.
const ECHO: &str = "[sound.theme]\nfile = \"sfx/theme.wav\"\n\
                    [bus.dialogue]\nsends = { echo = -12 }\ncompress = { threshold = -30, ratio = 4 }\n\
                    [bus.echo]\nroom = \"church\"\neq = [{ highpass = 200 }]\n";

#[test]
fn a_bus_sends_to_another_and_the_file_ends_when_that_is_silent() {
    let show = TestShow::with_script(&script(ECHO, r#"{ id = "x", by = "ann", line = "Hello." }"#))
        .clip("sfx/theme.wav", &[0.1; 10])
        .clip("voices/ann/x.wav", &theme()[..24_000]);
    let timeline = timeline(&show, &[]);
    let buses = timeline["buses"].as_array().expect("buses");
    let bus = |name: &str| buses.iter().find(|bus| bus["name"] == name).expect("it is there");
    assert_eq!(bus("dialogue")["sends"]["echo"], -12.0);
    assert_eq!(bus("dialogue")["compress"]["ratio"], 4.0);
    assert_eq!((&bus("echo")["room"], &bus("echo")["eq"][0]["hz"]), (&"church".into(), &200.0.into()));
    let [left, _] = rendered(&show, &[]);
    // 30 ms and 80/60 of 4.8 s after the last word, and what the equaliser rings.
    let least = 24_000 + 1440 + 307_200;
    assert!(left.len() > least && left.len() < least + 4800, "{}", left.len());
    assert_eq!(timeline["length"].as_u64(), Some(left.len() as u64));
    let (voice, echo) = (level(&left[..24_000]), level(&left[28_800..48_000]));
    assert!(echo > voice - 35.0 && echo < voice - 10.0, "{voice} {echo}");
    assert!(level(&left[left.len() - 480..]) < voice - 80.0);
}

#[test]
fn buses_are_the_same_bytes_on_any_number_of_processors_and_scene_by_scene() {
    let second = format!(
        "{}[[scene]]\nid = \"two\"\nscript = [ {{ id = \"y\", by = \"ben\", line = \"There.\" }}, {{ pause = 6 }} ]\n",
        script(
            &format!(
                "{ECHO}[bus.music]\ncompress = {{ threshold = -40, release = 1 }}\nsends = {{ echo = -20 }}\n"
            ),
            r#"{ music = "theme", advance = "none", loop = true, to = "y.end" }, { id = "x", by = "ann", line = "Hello." }, { pause = 25 }"#,
        )
    );
    let show = TestShow::with_script(&second)
        .clip("sfx/theme.wav", &theme())
        .clip("voices/ann/x.wav", &theme()[..24_000])
        .clip("voices/ben/y.wav", &theme()[..24_000]);
    let [left, right] = rendered(&show, &["--jobs", "1"]);
    assert!(rendered(&show, &["--jobs", "3"]) == [left.clone(), right]);
    let boundary = usize::try_from(timeline(&show, &[])["scenes"][1]["start"].as_u64().expect("a start"));
    let boundary = boundary.expect("a frame");
    assert!(rendered(&show, &["--scene", "one"])[0] == left[..boundary]);
    assert!(rendered(&show, &["--scene", "two"])[0] == left[boundary..]);
}
