//! What is said, as other programs read it.

use std::process::Command;

use serde_json::Value;

use crate::export::{drama, exported};
use crate::show::{TestShow, has_program, python};

fn captioned() -> TestShow {
    let show = drama();
    exported(&show, &["--captions", "srt,vtt,json,txt,html"]);
    show
}

fn read(show: &TestShow, ending: &str) -> String {
    std::fs::read_to_string(show.path(&format!("output/test/test.{ending}"))).expect("it was written")
}

/// Runs a few lines of Python, which print JSON.
fn parsed(show: &TestShow, code: &str) -> Value {
    let output =
        Command::new(python()).args(["-c", code]).current_dir(show.path("")).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn webvtt_is_escaped_and_names_its_speakers() {
    let text = read(&captioned(), "vtt");
    assert!(text.starts_with("WEBVTT - A \"Drama\" & more\n\na\n00:00:00.000 --> 00:00:01.235\n"), "{text}");
    let first = "<v Ann>A year, almost --&gt; to the &lt;b&gt;day&lt;/b&gt;.</v>\n";
    assert!(text.contains(first), "{text}");
    assert!(text.contains("<v Ben &amp; &lt;Bob&gt;>Can I come in?</v>"), "{text}");
}

#[test]
fn a_validator_accepts_the_webvtt() {
    if !has_program(&python(), &["-c", "import webvtt"]) {
        return;
    }
    let code = "import webvtt, json\n\
                print(json.dumps([[c.start, c.end, c.voice, c.text] for c in webvtt.read('output/test/test.vtt')]))";
    let cues = parsed(&captioned(), code);
    assert_eq!(cues.as_array().expect("cues").len(), 5, "{cues}");
    assert_eq!(cues[0][2], "Ann");
    assert_eq!(cues[0][0], "00:00:00.000");
}

#[test]
fn a_parser_reads_the_subrip() {
    if !has_program(&python(), &["-c", "import srt"]) {
        return;
    }
    let code = "import srt, json\n\
                text = open('output/test/test.srt', encoding='utf-8').read()\n\
                print(json.dumps([[c.index, c.start.total_seconds(), c.content] for c in srt.parse(text)]))";
    let cues = parsed(&captioned(), code);
    assert_eq!(cues.as_array().expect("cues").len(), 5, "{cues}");
    assert_eq!(cues[0][2], "Ann: A year, almost --\u{2060}> to the <\u{2060}b>day<\u{2060}/b>.");
}

#[test]
fn ffmpeg_reads_every_caption_back() {
    if !has_program("ffmpeg", &["-version"]) {
        return;
    }
    let show = captioned();
    for ending in ["srt", "vtt"] {
        let file = format!("output/test/test.{ending}");
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-i", &file, "-f", "srt", "-"]).current_dir(show.path(""));
        let output = ffmpeg.output().expect("ffmpeg starts");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let text = String::from_utf8(output.stdout).expect("it is UTF-8");
        let times = text.lines().filter(|row| row.starts_with("00:00:") && row.contains(" --> "));
        assert_eq!(times.count(), 5, "{text}");
        assert!(text.contains("day"), "{text}");
    }
}

#[test]
fn words_have_times_that_rise_and_marks_are_kept() {
    let show = captioned();
    let json: Value = serde_json::from_str(&read(&show, "json")).expect("it is JSON");
    let timeline = show.json(&["check", "--dump", "timeline"]);
    let segments = json["segments"].as_array().expect("segments");
    assert_eq!(segments.len(), 5);
    for segment in segments {
        let number = |value: &Value| value.as_f64().expect("a time");
        let (start, end) = (number(&segment["startTime"]), number(&segment["endTime"]));
        let mut before = start;
        let words = segment["words"].as_array().expect("words");
        let said: Vec<_> = words.iter().map(|word| word["body"].as_str().expect("a word")).collect();
        assert_eq!(said.join(" "), segment["body"].as_str().expect("a text"));
        for word in words {
            assert!(number(&word["startTime"]) >= before - 1e-9, "{segment}");
            before = number(&word["endTime"]);
            assert!(before <= end + 1e-9 && word["estimated"] == true, "{segment}");
        }
    }
    // The knock stands on a mark; the word there begins where the mark does.
    let knock = timeline["entries"].as_array().unwrap().iter().find(|it| it["kind"] == "sfx").unwrap();
    let hit = knock["hit"].as_f64().expect("a frame") / 48_000.0;
    let word = segments[0]["words"][2]["startTime"].as_f64().expect("a time");
    assert!((word - hit).abs() < 0.001, "{word} {hit}");
}

#[test]
fn transcripts_read_as_they_should() {
    let show = captioned();
    let text = read(&show, "txt");
    assert!(
        text.starts_with("A \"Drama\" & more\n\n\nThe first\n\nAnn: A year, almost --> to the <b>day</b>.\n")
    );
    let page = read(&show, "html");
    assert!(page.contains("<h1>A &quot;Drama&quot; &amp; more</h1>"), "{page}");
    assert!(page.contains("<b>Ben &amp; &lt;Bob&gt;:</b> Can I come in?</p>"), "{page}");
    assert!(!page.contains("<b>day"), "{page}");
}

#[test]
fn chapters_are_the_scenes() {
    let show = captioned();
    let json: Value = serde_json::from_str(&read(&show, "chapters.json")).expect("it is JSON");
    let timeline = show.json(&["check", "--dump", "timeline"]);
    let chapters = json["chapters"].as_array().expect("chapters");
    for (chapter, scene) in chapters.iter().zip(timeline["scenes"].as_array().expect("scenes")) {
        assert_eq!(chapter["title"], scene["title"]);
        let start = scene["start"].as_f64().unwrap() / 48_000.0;
        assert!((chapter["startTime"].as_f64().unwrap() - start).abs() < 0.001);
    }
    assert_eq!(chapters.len(), 3);
}

#[test]
fn long_lines_become_captions_of_two_short_rows() {
    let words = "one two three four five six seven eight nine ten eleven twelve. ".repeat(6);
    let script = format!(
        "format = 1\ntitle = \"Long\"\n[cast.ann]\n[[scene]]\nid = \"only\"\n\
         script = [{{ id = \"a\", by = \"ann\", line = \"{words}\" }}]\n"
    );
    let show = TestShow::with_script(&script).clip("voices/ann/a.wav", &[0.25; 480_000]);
    exported(&show, &["--captions", "vtt", "--deliver", "none"]);
    let text = read(&show, "vtt");
    let rows: Vec<&str> =
        text.lines().map(|row| row.trim_start_matches("<v ann>").trim_end_matches("</v>")).collect();
    assert!(
        rows.iter().skip(1).filter(|row| !row.contains("-->")).all(|row| row.chars().count() <= 42),
        "{text}"
    );
    assert!(text.matches("-->").count() >= 5, "{text}");
}

/// What is spoken is measured, once; and the sound is the same whether or not anybody asks for words.
#[test]
fn words_of_a_spoken_line_are_measured() {
    let script = "format = 1\ntitle = \"Spoken\"\ndeliver = \"none\"\n[cast.ann]\n[[scene]]\nid = \"only\"\nscript = [\n\
         { id = \"a\", by = \"ann\", line = \"Well, {1.5s}there you are at last.\" },\n\
         { id = \"b\", by = \"ann\", line = \"It is 10:45 p.m. now.\" } ]\n";
    let show = TestShow::with_script(script);
    let cache = show.path("kept").display().to_string();
    exported(&show, &["--cache", &cache]);
    let plain = std::fs::read(show.path("output/test/test.wav")).unwrap();
    let mut before = None;
    for keeping in [&["--cache", &cache][..], &["--cache", &cache], &["--no-cache"]] {
        exported(&show, &[&["--captions", "json"], keeping].concat());
        assert_eq!(std::fs::read(show.path("output/test/test.wav")).unwrap(), plain);
        let text = read(&show, "json");
        assert_eq!(before.get_or_insert_with(|| text.clone()), &text);
    }
    let json: Value = serde_json::from_str(&before.unwrap()).expect("it is JSON");
    let words = json["segments"][0]["words"].as_array().expect("words");
    assert!(words.iter().all(|word| word["estimated"] == false), "{json}");
    let seconds = |index: usize, which: &str| words[index][which].as_f64().expect("a time");
    // The pause that is written lies between these two.
    let pause = seconds(1, "startTime") - seconds(0, "endTime");
    assert!((1.4..1.7).contains(&pause), "{pause}");
    // Where words are read together nothing can be measured, and it says so.
    let later = json["segments"][1]["words"].as_array().expect("words");
    assert_eq!(later.len(), 5);
    assert!(
        later.windows(2).all(|pair| pair[0]["endTime"].as_f64() <= pair[1]["startTime"].as_f64()),
        "{json}"
    );
}
