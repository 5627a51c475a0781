//! Frames: impulses, hits, pauses, overlaps, ducks, on the frames that the dump names.

use super::{level, moment, rendered, script, sounding, timeline};
use crate::show::TestShow;

/// One frame at half of full scale, hard left, so that its gain is exactly one.
const CLICK: &str = "[sound.click]\nfile = \"sfx/click.wav\"\n";

fn with_click(definitions: &str, entries: &str) -> TestShow {
    let definitions = format!("{CLICK}{definitions}");
    TestShow::with_script(&script(&definitions, entries)).clip("sfx/click.wav", &[0.5])
}

#[test]
fn an_impulse_placed_by_at_with_an_offset_lands_on_the_frame_the_dump_names() {
    let show = with_click(
        "",
        r#"{ id = "a", sfx = "click", at = "scene.start+1234.5ms", pan = -1 },
           { id = "b", sfx = "click", at = "a.end+333ms", pan = -1 },
           { id = "c", sfx = "click", at = "p.end-1ms", pan = 1 },
           { id = "p", pause = 2.5 }"#,
    );
    let timeline = timeline(&show, &[]);
    let at = |id| moment(&timeline, id, "start");
    // 1.2345 s, one frame and 0.333 s later, 2.499 s.
    assert_eq!([at("a"), at("b"), at("c")], [59_256, 75_241, 119_952]);
    let [left, right] = rendered(&show, &[]);
    assert_eq!((sounding(&left), sounding(&right)), (vec![at("a"), at("b")], vec![at("c")]));
    assert_eq!((left[at("a")], right[at("c")], left.len()), (0.5, 0.5, 120_000));
    for bits in ["16", "24"] {
        let [left, right] = rendered(&show, &["--bits", bits]);
        // Dither moves a frame that sounds by at most a step and a half, in either channel.
        let step = if bits == "16" { 1.0 / 32_768.0 } else { 1.0 / 8_388_608.0 };
        let heard = |samples: &[f32]| -> Vec<usize> {
            sounding(samples).into_iter().filter(|&frame| samples[frame].abs() > 1.5 * step).collect()
        };
        assert_eq!((heard(&left), heard(&right)), (vec![at("a"), at("b")], vec![at("c")]), "{bits}");
        for sample in [left[at("a")], right[at("c")]] {
            assert!((sample - 0.5).abs() <= 1.5 * step, "{bits}: {sample}");
        }
    }
}

#[test]
fn a_hit_lands_on_its_mark() {
    // The impulse, which is the hit, stands 480 frames into the clip; the take is silent.
    let mut slam = vec![0.0; 960];
    slam[480] = 0.5;
    let show = TestShow::with_script(&script(
        "[sound.slam]\nfile = \"sfx/slam.wav\"\nhit = 0.01\n",
        r#"{ id = "x", by = "ann", line = "One two {k}three." },
           { id = "on", sfx = "slam", at = "x@k", pan = -1 },
           { id = "after", sfx = "slam", at = "x@k+100ms", pan = -1 },
           { id = "cut", sfx = "slam", at = "x@k+200ms", in = 0.005, out = 0.015, pan = -1 }"#,
    ))
    .clip("sfx/slam.wav", &slam)
    .clip("voices/ann/x.wav", &[0.0; 48_000]);
    let timeline = timeline(&show, &[]);
    let mark =
        usize::try_from(timeline["entries"][0]["marks"][0]["at"].as_u64().expect("a mark")).expect("a frame");
    // Six of eleven letters into a take of one second.
    assert_eq!(mark, 26_182);
    let expected = [mark, mark + 4_800, mark + 9_600];
    assert_eq!(["on", "after", "cut"].map(|id| moment(&timeline, id, "hit")), expected);
    let [left, _] = rendered(&show, &[]);
    assert_eq!(sounding(&left), expected);
}

#[test]
fn a_mark_in_spoken_words_is_where_the_word_begins() {
    let show = with_click(
        "",
        r#"{ id = "x", by = "ann", line = "Listen. {0.6s}{k}There it is.", pan = -1 },
           { id = "on", sfx = "click", at = "x@k", pan = 1 }"#,
    );
    let [left, right] = rendered(&show, &[]);
    let at = moment(&timeline(&show, &[]), "on", "start");
    assert_eq!(sounding(&right), [at]);
    let begins =
        left[..at].iter().rposition(|sample| *sample == 0.0).expect("there is a pause before it") + 1;
    // The voice's breath into the word is not yet the word.
    assert!(at - begins < 960, "{at} is not where the sound after the pause begins, {begins}");
    let ends =
        left[..begins].iter().rposition(|sample| *sample != 0.0).expect("there is a word before the pause")
            + 1;
    assert_eq!(begins - ends, 28_800);
}

#[test]
fn a_pause_between_two_takes_is_exact_digital_silence() {
    let show = TestShow::with_script(&script(
        "",
        r#"{ id = "a", by = "ann", line = "One.", pan = -1 }, { pause = 0.4321 }, { id = "b", by = "ben", line = "Two.", pan = -1 }"#,
    ))
    .clip("voices/ann/a.wav", &[0.25; 10_000])
    .clip("voices/ben/b.wav", &[0.25; 5_000]);
    let [left, right] = rendered(&show, &[]);
    assert_eq!(sounding(&left), (0..10_000).chain(30_741..35_741).collect::<Vec<_>>());
    assert!(left.iter().all(|sample| *sample == 0.0 || *sample == 0.25));
    assert!(right.iter().all(|sample| *sample == 0.0));
}

#[test]
fn lines_that_overlap_are_summed() {
    let show = TestShow::with_script(&script(
        "",
        r#"{ id = "a", by = "ann", line = "One.", pan = -1 },
           { id = "b", by = "ben", line = "Two.", pan = -1, at = "a.end-50ms", gain = -6 }"#,
    ))
    .clip("voices/ann/a.wav", &[0.25; 4_800])
    .clip("voices/ben/b.wav", &[0.5; 4_800]);
    let [left, _] = rendered(&show, &[]);
    let b = left[7_199];
    assert!((20.0 * (b / 0.5).log10() + 6.0).abs() < 0.001, "{b}");
    let expected = [vec![0.25; 2_400], vec![0.25 + b; 2_400], vec![b; 2_400]].concat();
    assert_eq!(left, expected);
}

#[test]
fn music_is_down_from_the_first_frame_of_a_line_to_the_hold_after_it() {
    // The take is silent, so that all that is heard is the music: steady, hard left.
    let show = TestShow::with_script(&script(
        "[sound.theme]\nfile = \"sfx/theme.wav\"\n[bus.music]\nduck = { under = \"dialogue\", by = -12, attack = 0.25, hold = 0.5, release = 0.75 }\n",
        r#"{ music = "theme", pan = -1, advance = "none" }, { pause = 1 }, { id = "x", by = "ann", line = "One." }"#,
    ))
    .clip("sfx/theme.wav", &[0.5; 192_000])
    .clip("voices/ann/x.wav", &[0.0; 48_000]);
    let [left, _] = rendered(&show, &[]);
    let db = |frame: usize| 20.0 * (f64::from(left[frame]) / 0.5).log10();
    let full = |frames: std::ops::Range<usize>| left[frames].iter().all(|sample| *sample == 0.5);
    // 0.75 s, the line from 1 to 2 s, held to 2.5 s, back at 3.25 s.
    assert!(full(0..36_000) && full(156_000..192_000));
    assert!(left[48_000..120_000].iter().all(|sample| *sample == left[48_000]));
    assert!((db(48_000) + 12.0).abs() < 0.001, "{}", db(48_000));
    assert!((db(42_000) + 6.0).abs() < 0.01 && (db(138_000) + 6.0).abs() < 0.01, "halfway, in dB");
    assert!(left[36_000..48_000].is_sorted_by(|a, b| a >= b) && left[120_000..156_000].is_sorted());
}

#[test]
fn a_take_that_is_changed_changes_nothing_but_its_own_region() {
    let text = script(
        "[sound.rain]\nfile = \"sfx/rain.wav\"\n",
        r#"{ bed = "rain", from = "scene.start", gain = -20 },
           { id = "a", by = "ann", line = "Nobody has recorded this.", pan = -0.5 },
           { pause = 0.2 },
           { id = "b", by = "ben", line = "This will be.", pan = 0.5 },
           { pause = 0.2 },
           { id = "c", by = "ann", line = "Nor this." }"#,
    );
    let noise: Vec<f32> =
        (0..96_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 - 0.5).collect();
    let take: Vec<f32> = noise[..30_000].iter().map(|sample| sample / 4.0).collect();
    let other: Vec<f32> = take.iter().map(|sample| -sample).collect();
    let show = TestShow::with_script(&text).clip("sfx/rain.wav", &noise);
    let voiced = rendered(&show, &[]);
    let show = show.clip("voices/ben/b.wav", &take);
    let report = show.json(&["check", "--format", "json"]);
    assert_eq!(
        (report["result"]["recorded"].as_u64(), report["result"]["synthesized"].as_u64()),
        (Some(1), Some(2))
    );
    let taken = rendered(&show, &[]);
    let dump = timeline(&show, &[]);
    let (start, end) = (moment(&dump, "b", "start"), moment(&dump, "b", "end"));
    assert_eq!(end - start, 30_000);
    let show = show.clip("voices/ben/b.wav", &other);
    let again = rendered(&show, &[]);
    for side in 0..2 {
        assert_eq!(taken[side][..start], voiced[side][..start], "before the take nothing has changed");
        assert_eq!(taken[side][..start], again[side][..start]);
        assert_eq!(taken[side][end..], again[side][end..], "and nothing after it");
        assert!(level(&taken[side][start..end]) > -60.0);
        assert_ne!(taken[side][start..end], again[side][start..end]);
    }
}
